"""Logins: access tokens, refresh tokens, sessions, and checks of passwords.

Other subjects may use only what is listed here.
"""

from meshydb_server.services.logins.access_tokens import AccessTokens
from meshydb_server.services.logins.guesses import LoginGuess, LoginGuesses
from meshydb_server.services.logins.issuing import TokenIssuer
from meshydb_server.services.logins.password_checker import PasswordChecker
from meshydb_server.services.logins.service import INVALID_ACCESS_TOKEN, SCOPES, PasswordLogin, TokenService

__all__ = [
    "INVALID_ACCESS_TOKEN",
    "SCOPES",
    "AccessTokens",
    "LoginGuess",
    "LoginGuesses",
    "PasswordChecker",
    "PasswordLogin",
    "TokenIssuer",
    "TokenService",
]
