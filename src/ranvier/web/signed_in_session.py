"""A new session of somebody who has just proved who they are, where there was none to renew."""

from __future__ import annotations

from ranvier.access.session import signed_in
from ranvier.services.identities import Identity
from ranvier.services.keep_sessions import HeldSession, KeepSessions


async def signed_in_session(sessions: KeepSessions, identity: Identity) -> HeldSession:
    """Open a session and make it this user's; its cookie was never shown to anybody before."""
    opened = await sessions.open()
    return await sessions.change(opened, lambda session: signed_in(session, identity.user))
