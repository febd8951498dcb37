"""Contains all the data models used in inputs/outputs"""

from .anonymous_registration import AnonymousRegistration
from .auth_error import AuthError
from .create_many_result import CreateManyResult
from .delete_many_result import DeleteManyResult
from .error import Error
from .exist import Exist
from .given_mesh_data import GivenMeshData
from .health import Health
from .json_web_key import JsonWebKey
from .json_web_key_set import JsonWebKeySet
from .mesh_data import MeshData
from .mesh_data_page import MeshDataPage
from .new_user import NewUser
from .open_api_document import OpenApiDocument
from .open_api_document_info import OpenApiDocumentInfo
from .open_api_document_paths import OpenApiDocumentPaths
from .open_api_document_servers_item import OpenApiDocumentServersItem
from .open_id_configuration import OpenIdConfiguration
from .password_grant import PasswordGrant
from .permissible import Permissible
from .permissible_page import PermissiblePage
from .permission import Permission
from .permission_page import PermissionPage
from .permission_request import PermissionRequest
from .projection_page import ProjectionPage
from .projection_result import ProjectionResult
from .query_document import QueryDocument
from .refresh_token_grant import RefreshTokenGrant
from .register_user import RegisterUser
from .rejected_document import RejectedDocument
from .reset_password import ResetPassword
from .role import Role
from .role_name import RoleName
from .role_page import RolePage
from .role_request import RoleRequest
from .role_users import RoleUsers
from .security_question import SecurityQuestion
from .security_question_hash import SecurityQuestionHash
from .self_update import SelfUpdate
from .token_response import TokenResponse
from .token_revocation import TokenRevocation
from .update_many_request import UpdateManyRequest
from .update_many_result import UpdateManyResult
from .user import User
from .user_page import UserPage
from .user_password_update import UserPasswordUpdate
from .user_reference import UserReference
from .user_role import UserRole
from .user_security_question_update import UserSecurityQuestionUpdate
from .user_update import UserUpdate
from .user_verification import UserVerification
from .user_verification_check import UserVerificationCheck
from .user_verification_hash import UserVerificationHash
from .valid import Valid

__all__ = (
    "AnonymousRegistration",
    "AuthError",
    "CreateManyResult",
    "DeleteManyResult",
    "Error",
    "Exist",
    "GivenMeshData",
    "Health",
    "JsonWebKey",
    "JsonWebKeySet",
    "MeshData",
    "MeshDataPage",
    "NewUser",
    "OpenApiDocument",
    "OpenApiDocumentInfo",
    "OpenApiDocumentPaths",
    "OpenApiDocumentServersItem",
    "OpenIdConfiguration",
    "PasswordGrant",
    "Permissible",
    "PermissiblePage",
    "Permission",
    "PermissionPage",
    "PermissionRequest",
    "ProjectionPage",
    "ProjectionResult",
    "QueryDocument",
    "RefreshTokenGrant",
    "RegisterUser",
    "RejectedDocument",
    "ResetPassword",
    "Role",
    "RoleName",
    "RolePage",
    "RoleRequest",
    "RoleUsers",
    "SecurityQuestion",
    "SecurityQuestionHash",
    "SelfUpdate",
    "TokenResponse",
    "TokenRevocation",
    "UpdateManyRequest",
    "UpdateManyResult",
    "User",
    "UserPage",
    "UserPasswordUpdate",
    "UserReference",
    "UserRole",
    "UserSecurityQuestionUpdate",
    "UserUpdate",
    "UserVerification",
    "UserVerificationCheck",
    "UserVerificationHash",
    "Valid",
)
