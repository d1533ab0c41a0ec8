"""What pages and REST sign people in with."""

from __future__ import annotations

from dataclasses import dataclass

from ranvier.services.administer_users import AdministerUsers
from ranvier.services.identities import Identities
from ranvier.services.offer_set_up import OfferSetUp


@dataclass(frozen=True, slots=True)
class UserParts:
    """Who tells people apart, who keeps them, and who makes the first of them."""

    identities: Identities
    administer: AdministerUsers
    set_up: OfferSetUp
