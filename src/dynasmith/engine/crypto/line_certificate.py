"""The certificate of a job that workers on other machines dial in to: made for the job, never kept."""

from __future__ import annotations

import secrets
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dynasmith.engine.workers.line_tls import LineCertificate, fingerprint_of

_VALID = timedelta(days=3650)
"""Nobody looks at it: who knows the secret of the job knows the certificate."""


def line_certificate() -> LineCertificate | None:
    """A certificate with a key of its own (P-256). None where `cryptography`, an extra, is absent."""
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        return None
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a job of dynasmith")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALID)
        .sign(key, hashes.SHA256())
    )
    password = secrets.token_bytes(32).hex().encode()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with tempfile.TemporaryDirectory(prefix="dynasmith-line-") as folder:  # a context reads nothing but files
        file = Path(folder) / "line.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password),
        )
        file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
        context.load_cert_chain(file, password=password)
    return LineCertificate(context, fingerprint_of(made.public_bytes(serialization.Encoding.DER)))
