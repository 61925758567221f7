"""The OpenAPI engine: documents, operations, validated input, rendered output. Knows no billing and no HTTP server."""
