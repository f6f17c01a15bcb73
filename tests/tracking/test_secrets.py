"""Secrets stay out of texts, trees and logs."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiment_cycle.errors import BackendError
from experiment_cycle.tracking.secrets import Secrets, SecretsFilter, is_secret_name, scrub


@given(before=st.text(), secret=st.text(min_size=6), after=st.text(), other=st.text(min_size=6))
def test_a_secret_is_never_in_a_text(before: str, secret: str, after: str, other: str) -> None:
    secrets = Secrets([secret, other])
    hidden = secrets.hide(before + secret + after)
    assert secret in {"***", hidden} or secret not in hidden.replace("***", "")


def test_a_secret_that_is_part_of_another_does_not_leave_its_rest() -> None:
    assert Secrets(["abcdef", "abcdef-and-more"]).hide("x abcdef-and-more y") == "x *** y"


def test_what_has_the_name_of_a_secret_is_hidden_in_a_tree() -> None:
    tree = {
        "api_key": "short",
        "nested": {"AWS_SECRET_ACCESS_KEY": 5, "keyboard": "qwerty", "tokens_per_row": 3},
        "list": [{"password": None}, "has planted-secret in it"],
    }
    assert Secrets(["planted-secret"]).hide_in(tree) == {
        "api_key": "***",
        "nested": {"AWS_SECRET_ACCESS_KEY": "***", "keyboard": "qwerty", "tokens_per_row": 3},
        "list": [{"password": None}, "has *** in it"],
    }


def test_secrets_of_the_environment_and_of_credentials_are_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "from-environment")
    monkeypatch.setenv("SOME_FOLDER", "not-a-secret")
    credentials = {
        "wandb": {"nested": {"value": "from-credentials"}, "none": None, "keys": ["in-a-list"]},
        "store": {"pin": 12345678, "base_url": "https://server.example", "user": "lightgbm"},
    }
    parameters = {"own": {"api_token": "from-parameters", "estimator": "lightgbm"}}
    secrets = Secrets.of(credentials, parameters)
    told = "from-environment from-credentials in-a-list 12345678 from-parameters"
    assert secrets.hide(told) == "*** *** *** *** ***"
    assert secrets.hide("not-a-secret at https://server.example by lightgbm") == (
        "not-a-secret at https://server.example by lightgbm"
    )


def test_an_error_and_what_led_to_it_are_scrubbed() -> None:
    def failing() -> None:
        try:
            raise ConnectionError("refused planted-secret")
        except ConnectionError as cause:
            raise BackendError("with planted-secret") from cause

    with pytest.raises(BackendError) as caught:
        failing()
    scrub(caught.value, Secrets(["planted-secret"]))
    assert str(caught.value) == "with ***"
    assert str(caught.value.__cause__) == "refused ***"


def test_a_password_in_an_address_is_hidden() -> None:
    told = Secrets([]).hide("cannot reach postgresql://user:pass@host:5432/db")
    assert told == "cannot reach postgresql://user:***@host:5432/db"


def test_logs_do_not_hold_secrets(caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(SecretsFilter(Secrets(["planted-secret"])))
    logging.getLogger("experiment_cycle.test").warning("the key is %s", "planted-secret")
    assert [record.getMessage() for record in caplog.records] == ["the key is ***"]


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("WANDB_API_KEY", True),
        ("secret_access_key", True),
        ("token", True),
        ("DB_PASSWORD", True),
        ("DB_PWD", True),
        ("PGPASSWORD", True),
        ("DB_PASS", True),
        ("GITHUB_PAT", True),
        ("ssh_private_key", True),
        ("AZURE_STORAGE_CONNECTION_STRING", True),
        ("apiToken", True),
        ("dbPassword", True),
        ("pass", False),
        ("primary_key", False),
        ("PWD", False),
        ("OLDPWD", False),
        ("training.api-key", True),
        ("key_hash", False),
        ("tokenizer", False),
        ("split_keys", False),
        ("secretary", False),
    ],
)
def test_names_of_secrets_are_told_apart(name: str, secret: bool) -> None:
    assert is_secret_name(name) == secret
