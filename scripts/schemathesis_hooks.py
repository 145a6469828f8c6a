"""What schemathesis has to be told about this API. Loaded by scripts/fuzz-api.sh."""

import schemathesis


@schemathesis.serializer("application/toml")
def toml(context, value):
    """A configuration is text; schemathesis knows no TOML."""
    return value if isinstance(value, bytes) else str(value).encode()
