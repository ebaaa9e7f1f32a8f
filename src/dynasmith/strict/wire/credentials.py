"""Credentials of calls that the endpoint makes itself; engines check no signature."""


def credentials_of(account: tuple[str, str], service: str = "dynamodb") -> dict[bytes, bytes]:
    """Headers that put a call into an account (an access key) and a Region."""
    access, region = account
    credential = f"{access or 'strict'}/20260101/{region}/{service}/aws4_request"
    return {b"authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0".encode()}
