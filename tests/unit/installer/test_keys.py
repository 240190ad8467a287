"""Keys from where they are kept: every form that is taken, and what is said of those that are not."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.x509.oid import NameOID

from rigwright.installer.host_key import KeyUnusable, host_key, new_host_key
from rigwright.installer.mok import mok_pair

PLAIN = serialization.NoEncryption()


def pem(key: object, form: serialization.PrivateFormat, guard: object = PLAIN) -> str:
    return key.private_bytes(serialization.Encoding.PEM, form, guard).decode()  # type: ignore[attr-defined,no-any-return]


OPENSSH, PKCS8 = serialization.PrivateFormat.OpenSSH, serialization.PrivateFormat.PKCS8
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())


def test_a_new_key_is_read_back_as_the_same() -> None:
    key = new_host_key()
    read = host_key(key.private.decode().rstrip("\n"), "install.host_key")
    assert (read.public, read.file) == (key.public, "ssh_host_ed25519_key")
    assert read.public.startswith("ssh-ed25519 AAAA")
    assert key.known_hosts("basement") == f"basement {key.public}\n"
    assert key.known_hosts("192.168.1.50", 2222) == f"[192.168.1.50]:2222 {key.public}\n"
    assert "PRIVATE" not in repr(key)


def test_a_command_prints_it_on_one_line() -> None:
    key = new_host_key()
    assert host_key(base64.b64encode(key.private).decode(), "x").public == key.public


@pytest.mark.parametrize(
    ("text", "file"),
    [
        (pem(RSA, OPENSSH), "ssh_host_rsa_key"),
        (pem(RSA, serialization.PrivateFormat.TraditionalOpenSSL), "ssh_host_rsa_key"),
        (pem(EC, OPENSSH), "ssh_host_ecdsa_key"),
        (pem(EC, PKCS8), "ssh_host_ecdsa_key"),
    ],
)
def test_older_kinds_and_forms(text: str, file: str) -> None:
    assert host_key(text, "x").file == file


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "expected a text that begins with '-----BEGIN '"),
        ("hunter2", "expected a text that begins with '-----BEGIN '"),
        (base64.b64encode(b"hunter2").decode(), "expected a text that begins with '-----BEGIN '"),
        (new_host_key().public, "expected a text that begins with '-----BEGIN '"),
        (new_host_key().private.decode()[:200], "this is no private SSH key as ssh-keygen writes it"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "this is no private SSH key"),
        (pem(EC, PKCS8, serialization.BestAvailableEncryption(b"x")), "the key has a passphrase, and sshd asks nobody"),
        (pem(ed448.Ed448PrivateKey.generate(), PKCS8), "sshd uses keys of the kinds ed25519, ecdsa and rsa alone"),
    ],
    ids=["empty", "a password", "its base64", "a public key", "cut off", "a certificate", "a passphrase", "a kind"],
)
def test_what_is_no_key_is_said_and_not_shown(text: str, why: str) -> None:
    with pytest.raises(KeyUnusable) as refused:
        host_key(text, "install.host_key")
    assert str(refused.value).startswith(f"install.host_key: {why}")
    assert not text or text not in str(refused.value)


def certificate(key: rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "DKMS module signing key")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), 7, now, now + timedelta(days=36500))
    return built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def test_a_pair_for_secure_boot_is_as_dkms_reads_it() -> None:
    pair = mok_pair(pem(RSA, PKCS8), certificate(RSA))
    assert x509.load_der_x509_certificate(pair.certificate).serial_number == 7
    assert pair.key.startswith(b"-----BEGIN PRIVATE KEY-----")
    assert "PRIVATE" not in repr(pair)


def test_halves_of_two_pairs_are_refused() -> None:
    other = rsa.generate_private_key(65537, 2048)
    with pytest.raises(KeyUnusable, match="the certificate is of another key"):
        mok_pair(pem(RSA, PKCS8), certificate(other))
    with pytest.raises(KeyUnusable, match=r"install\.mok\.certificate: this is no certificate in PEM"):
        mok_pair(pem(RSA, PKCS8), pem(RSA, PKCS8))
    with pytest.raises(KeyUnusable, match=r"install\.mok\.private_key: this is no private key in PEM"):
        mok_pair(certificate(RSA), certificate(RSA))
