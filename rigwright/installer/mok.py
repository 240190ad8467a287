"""The key pair that DKMS signs with, carried over: DKMS reads the key as PEM and the certificate as DER."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from rigwright.installer.host_key import KeyUnusable, unfolded

PLACES = {
    "debian": ("/var/lib/dkms/mok.key", "/var/lib/dkms/mok.pub"),
    "ubuntu": ("/var/lib/shim-signed/mok/MOK.priv", "/var/lib/shim-signed/mok/MOK.der"),
}
"""Distribution → where DKMS looks for the key and for the certificate."""


@dataclass(frozen=True)
class MokPair:
    """The key, PEM, and the certificate, DER."""

    key: bytes = field(repr=False)
    certificate: bytes


def mok_pair(private_key: str, certificate: str) -> MokPair:
    """The pair from two secrets. Raises `KeyUnusable`, also where one is not of the other."""
    try:
        key = serialization.load_pem_private_key(unfolded(private_key, "install.mok.private_key"), password=None)
    except TypeError:
        raise KeyUnusable("install.mok.private_key: the key has a passphrase, and DKMS asks nobody") from None
    except ValueError:
        raise KeyUnusable("install.mok.private_key: this is no private key in PEM") from None
    try:
        read = x509.load_pem_x509_certificate(unfolded(certificate, "install.mok.certificate"))
    except ValueError:
        raise KeyUnusable(
            "install.mok.certificate: this is no certificate in PEM: openssl x509 -inform DER -in mok.pub"
        ) from None
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != read.public_key().public_bytes(*form):
        raise KeyUnusable("install.mok: the certificate is of another key: modules signed by it would not be loaded")
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return MokPair(pem, read.public_bytes(serialization.Encoding.DER))
