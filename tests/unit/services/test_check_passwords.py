from __future__ import annotations

from ranvier.security.secret import Secret
from ranvier.services.check_passwords import CheckPasswords
from tests.support.memory_users import QUICK


async def test_passwords_are_checked_again_by_a_start_after_a_stop() -> None:
    passwords, password = CheckPasswords(QUICK, bytes), Secret("a quiet green door")
    for _ in range(2):
        await passwords.start()
        assert await passwords.matches(await passwords.hash(password), password)
        await passwords.stop()
    await passwords.stop()
    assert passwords.waiting == 0
