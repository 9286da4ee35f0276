"""Who may come in, and the token endpoint of OAuth 2.0."""

from __future__ import annotations

import base64
import urllib.parse
from collections.abc import Mapping

from rest_server.settings import Settings


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Gate:
    """Callers hold the server's lock."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.tokens: dict[str, int] = {}  # the good ones, with their uses
        self.issued = 0

    def expire_tokens(self) -> None:
        self.tokens.clear()

    def admits(self, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
        """Whether the request proves who it is; counts a token's use. Headers in lower case."""
        kind = self.settings.auth
        given = headers.get("authorization", "")
        if kind == "none":
            return True
        if kind == "bearer":
            return given == f"Bearer {self.settings.bearer}"
        if kind == "api_key_header":
            return headers.get(self.settings.api_key_name.lower()) == self.settings.api_key
        if kind == "api_key_query":
            return query.get("api_key") == self.settings.api_key
        if kind == "basic":
            return given == _basic(self.settings.user, self.settings.password)
        if kind == "oauth2":
            return self._admits_token(given.removeprefix("Bearer "))
        raise ValueError(f"no auth {kind!r}")

    def _admits_token(self, token: str) -> bool:
        if token not in self.tokens:
            return False
        self.tokens[token] += 1
        if self.settings.token_uses and self.tokens[token] >= self.settings.token_uses:
            del self.tokens[token]
        return True

    def give_token(self, headers: Mapping[str, str], body: str) -> tuple[int, dict[str, object]]:
        """The answer of POST /oauth/token (RFC 6749, section 4.4)."""
        form = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
        if form.get("grant_type") != "client_credentials":
            return 400, {"error": "unsupported_grant_type"}
        settings = self.settings
        quoted = [
            urllib.parse.quote_plus(text) for text in (settings.client_id, settings.client_secret)
        ]
        by_header = headers.get("authorization") == _basic(quoted[0], quoted[1])
        by_form = (form.get("client_id"), form.get("client_secret")) == (
            settings.client_id,
            settings.client_secret,
        )
        if not by_header and not by_form:
            return 401, {"error": "invalid_client", "error_description": "unknown client"}
        self.issued += 1
        token = f"token-{self.issued}-canary"
        self.tokens[token] = 0
        answer: dict[str, object] = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": settings.token_seconds,
        }
        if "scope" in form:
            answer["scope"] = form["scope"]
        return 200, answer
