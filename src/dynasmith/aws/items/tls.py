"""TLS as the botocore client has it: its CA bundle, its client certificate, or no verification where it was told so."""

import ssl

from botocore.httpsession import get_cert_path

from dynasmith.aws.items.address import Address


def tls_of(address: Address) -> ssl.SSLContext | None:
    """The context for an https address; None for http."""
    if not address.url.startswith("https"):
        return None
    # Without a bundle of its own the client verifies with the one that botocore comes with.
    tls = ssl.create_default_context(cafile=address.verify if isinstance(address.verify, str) else get_cert_path(True))
    if address.verify is False:
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    if address.client_certificate is not None:
        tls.load_cert_chain(*address.client_certificate)
    return tls
