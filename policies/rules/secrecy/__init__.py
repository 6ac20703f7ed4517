"""Rules of the area secrecy."""

from policies.rule import Rule
from policies.rules.secrecy import (
    no_plaintext_key_env,
    no_secret_anywhere,
    no_secret_user_data,
    no_secret_value_in_state,
    secret_policy_closed,
    secret_rotation,
    session_logs_encrypted,
)

RULES: tuple[Rule, ...] = (
    no_plaintext_key_env.RULE,
    no_secret_user_data.RULE,
    no_secret_anywhere.RULE,
    secret_policy_closed.RULE,
    no_secret_value_in_state.RULE,
    secret_rotation.RULE,
    session_logs_encrypted.RULE,
)
