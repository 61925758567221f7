"""The OpenAPI engine: documents, operations, judged input, rendered output. Knows no billing and no HTTP server."""
