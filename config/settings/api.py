"""How the API speaks: DRF and the OpenAPI schema. The same everywhere, so nothing is read from outside."""

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.http.PrincipalAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.permissions.HasCapability"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["cutroom.parsers.BoundedJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "cutroom.pagination.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "cutroom.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Cutroom API",
    "DESCRIPTION": "Scripts to videos. Every error is an `application/problem+json` document (RFC 9457).",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "cutroom.schema.document_common_parts",
    ],
    "ENUM_NAME_OVERRIDES": {
        "RenderState": "rendering.models.JobState",
        "AssetKind": "rendering.models.AssetKind",
        "StepState": "rendering.models.StepState",
        "PrivacyRequestKind": "gdpr.duties.models.RequestKind",
    },
}
