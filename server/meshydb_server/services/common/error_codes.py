"""The error codes that programs use to tell errors apart. The contract lists their statuses and meanings."""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    """The member `code` of an error. A code never says more than the message beside it."""

    INVALID_REQUEST = "invalid_request"
    JSON_INVALID = "json_invalid"
    VALUE_INVALID = "value_invalid"
    USERNAME_INVALID = "username_invalid"
    USERNAME_TAKEN = "username_taken"
    PASSWORD_TOO_COMMON = "password_too_common"  # noqa: S105 - a code
    PASSWORD_IS_USERNAME = "password_is_username"  # noqa: S105 - a code
    PREVIOUS_PASSWORD_WRONG = "previous_password_wrong"  # noqa: S105 - a code
    EMAIL_REQUIRED = "email_required"
    PHONE_REQUIRED = "phone_required"
    QUESTIONS_INVALID = "questions_invalid"
    CODE_INVALID = "code_invalid"
    USER_ANONYMOUS = "user_anonymous"
    USER_WITHOUT_QUESTION = "user_without_question"
    REGISTRATION_DISABLED = "registration_disabled"
    LAST_ADMINISTRATOR = "last_administrator"
    PROPERTY_INVALID = "property_invalid"
    DOCUMENT_EXISTS = "document_exists"
    NO_DATA = "no_data"
    BULK_INVALID = "bulk_invalid"
    DOCUMENT_ID_CHANGED = "document_id_changed"
    FILTER_REQUIRED = "filter_required"
    FILTER_INVALID = "filter_invalid"
    UPDATE_REQUIRED = "update_required"
    UPDATE_INVALID = "update_invalid"
    ORDER_INVALID = "order_invalid"
    ROLE_NAME_RESERVED = "role_name_reserved"
    ROLE_NAME_TAKEN = "role_name_taken"
    TOO_MANY_ROLES = "too_many_roles"
    ROLE_RESERVED = "role_reserved"
    ROLE_UNASSIGNABLE = "role_unassignable"
    UNKNOWN_ROLE = "unknown_role"
    UNKNOWN_PERMISSIBLE = "unknown_permissible"
    PERMISSION_EMPTY = "permission_empty"
    PERMISSIBLE_UNSUPPORTED = "permissible_unsupported"
    PERMISSION_TAKEN = "permission_taken"
    PERMISSION_OVERLAP = "permission_overlap"
    TOO_MANY_PERMISSIONS = "too_many_permissions"
    TOKEN_MISSING = "token_missing"  # noqa: S105 - a code
    TOKEN_INVALID = "token_invalid"  # noqa: S105 - a code
    PERMISSION_REQUIRED = "permission_required"
    AUTHORITY_INSUFFICIENT = "authority_insufficient"
    UNKNOWN_PATH = "unknown_path"
    UNKNOWN_ACCOUNT = "unknown_account"
    UNKNOWN_TENANT = "unknown_tenant"
    UNKNOWN_USER = "unknown_user"
    UNKNOWN_DOCUMENT = "unknown_document"
    UNKNOWN_PROJECTION = "unknown_projection"
    UNKNOWN_PERMISSION = "unknown_permission"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    CONTENT_TOO_LARGE = "content_too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    LIMIT_EXCEEDED = "limit_exceeded"
    QUERY_TIMEOUT = "query_timeout"
    QUERY_TOO_LARGE = "query_too_large"
    SERVER_ERROR = "server_error"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    OVERLOADED = "overloaded"
