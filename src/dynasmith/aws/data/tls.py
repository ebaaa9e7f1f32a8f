"""TLS as the botocore client has it: its CA bundle, its client certificate, or no verification where it was told so."""

import ssl

from dynasmith.aws.data.address import Address


def tls_of(address: Address) -> ssl.SSLContext | None:
    """The context for an https address; None for http."""
    if not address.url.startswith("https"):
        return None
    tls = ssl.create_default_context(cafile=address.ca_bundle or None)
    if not address.ca_bundle:
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    if address.client_certificate is not None:
        tls.load_cert_chain(*address.client_certificate)
    return tls
