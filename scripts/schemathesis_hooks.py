"""What schemathesis has to be told about this API. Loaded by scripts/fuzz-api.sh."""

import schemathesis


@schemathesis.serializer("application/toml", "text/csv", "application/x-ndjson")
def text(context, value):
    """Configurations and files of leads are text; schemathesis knows no TOML and no lines of JSON."""
    return value if isinstance(value, bytes) else str(value).encode()
