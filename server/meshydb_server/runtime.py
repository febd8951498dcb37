"""Builds the running services from the settings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from datetime import timedelta

from attrs import frozen

from meshydb_server.configuration.settings import Settings
from meshydb_server.delivery.smtp import SmtpDelivery
from meshydb_server.delivery.text import TextDelivery
from meshydb_server.key_file import load_keyring
from meshydb_server.process.stopping import Stopping, ended
from meshydb_server.query import ObjectIds
from meshydb_server.services.accounts import AccountService
from meshydb_server.services.audit import Audit
from meshydb_server.services.common.dependencies import Dependencies
from meshydb_server.services.common.limits.counting import Allowance
from meshydb_server.services.common.limits.table import LOGIN_GUESSES, LOGIN_GUESSES_BY_USER
from meshydb_server.services.common.passwords import Passwords
from meshydb_server.services.health import Health
from meshydb_server.services.logins import AccessTokens, LoginGuesses, PasswordChecker, TokenIssuer, TokenService
from meshydb_server.services.meshes import ManyService, MeshService, TransferService
from meshydb_server.services.messages import Delivery, Outbox, OutboxWorker, SlotLimits
from meshydb_server.services.projections import ProjectionService
from meshydb_server.services.recovery import (
    CompletionService,
    GuessChecker,
    Recipients,
    RecoveryPolicy,
    RecoveryService,
    VerificationService,
)
from meshydb_server.services.registration import RegistrationService
from meshydb_server.services.roles import MemberService, PermissionService, RoleChanges, RoleManagement, RoleService
from meshydb_server.services.sweeping import Sweeper
from meshydb_server.services.users import (
    Authenticators,
    Notices,
    OperatorService,
    OwnAccountService,
    PasswordProver,
    Profiles,
    UserService,
)
from meshydb_server.storage.accounts import has_accounts
from meshydb_server.storage.engine.database import Database
from meshydb_server.storage.messages import Channel


@frozen
class Services:
    """The services that HTTP and the command line use."""

    database: Database
    passwords: Passwords
    accounts: AccountService
    roles: RoleService
    role_management: RoleManagement
    permissions: PermissionService
    members: MemberService
    meshes: MeshService
    many: ManyService
    transfer: TransferService
    projections: ProjectionService
    registration: RegistrationService
    tokens: TokenService
    own_account: OwnAccountService
    users: UserService
    operators: OperatorService
    recovery: RecoveryService
    completion: CompletionService
    outbox: Outbox
    audit: Audit
    sweeper: Sweeper
    health: Health


@asynccontextmanager
async def open_services(settings: Settings, dependencies: Dependencies | None = None) -> AsyncGenerator[Services]:
    """Open the database, creating or migrating it, and the services on it.

    Raises StorageError, KeyFileError, SmtpError or TextError, each with a message of one line.
    """
    dependencies = dependencies or Dependencies()
    clock, randomness, metrics = dependencies.clock, dependencies.randomness, dependencies.metrics
    prepared = settings.prepared_statements == "on"
    async with Database(settings.database_url, settings.storage_timeout, prepared_statements=prepared) as database:
        deliveries = _deliveries(settings)
        await database.migrate()
        # After connecting, because a key file may be created beside the database. Checked before reading the file,
        # because another process that has just created the first account created the file before that.
        new = not await database.read(has_accounts)
        keyring = load_keyring(settings, database.file, new=new)
        outbox = Outbox(
            database,
            clock,
            randomness,
            keyring,
            deliveries,
            slots=SlotLimits(total=settings.mail_slots, per_domain=settings.mail_slots_per_domain),
            decoys=settings.unknown_user == "decoy",
            metrics=metrics,
        )
        audit = Audit(database, randomness)
        policy = _policy(settings)
        recipients = Recipients(keyring, policy, metrics)
        verification = VerificationService(randomness, keyring, outbox, audit, policy, recipients)
        authenticators = Authenticators(clock, audit, Notices(outbox), settings.contact_change_delay)
        profiles = Profiles(clock, keyring, authenticators)
        guesses = LoginGuesses(clock, keyring, audit, _login_allowance(settings))
        hashing = Passwords(dependencies.hasher, settings.hashes_waiting, settings.hashes_waiting_per_address)
        with closing(hashing) as passwords:
            recent_login = timedelta(seconds=settings.recent_login_seconds)
            password_checker = PasswordChecker(database, passwords, guesses)
            prover = PasswordProver(database, clock, password_checker, recent_login)
            own_account = OwnAccountService(database, clock, passwords, profiles, prover)
            access_tokens = AccessTokens(keyring)
            issuer = TokenIssuer(access_tokens, randomness)
            only_held = settings.grant_only_held == "on"
            changes = RoleChanges(database, clock, randomness, audit, only_held)
            management = RoleManagement(changes)
            ids = ObjectIds(randomness)
            guess_checker = GuessChecker(database, clock, keyring, audit, passwords, policy, authenticators, metrics)
            yield Services(
                database=database,
                passwords=passwords,
                accounts=AccountService(database, clock, randomness, passwords, audit),
                roles=RoleService(changes, management),
                role_management=management,
                permissions=PermissionService(changes),
                members=MemberService(changes),
                meshes=MeshService(database, clock, ids),
                many=ManyService(database, clock),
                transfer=TransferService(database, clock, ids, audit),
                projections=ProjectionService(database, clock, audit),
                registration=RegistrationService(database, clock, randomness, passwords, profiles, verification),
                tokens=TokenService(database, clock, randomness, password_checker, access_tokens, issuer),
                own_account=own_account,
                users=UserService(database, clock, randomness, passwords, profiles, own_account, audit, only_held),
                operators=OperatorService(database, clock, passwords, profiles, audit),
                recovery=RecoveryService(database, clock, verification, audit, policy, authenticators),
                completion=CompletionService(database, clock, outbox, passwords, authenticators, guess_checker),
                outbox=outbox,
                audit=audit,
                sweeper=Sweeper(database, clock, settings.audit_retention),
                health=Health(database, clock),
            )


@asynccontextmanager
async def working(services: Services, stopping: Stopping | None = None) -> AsyncGenerator[None]:
    """Run the background work: send messages if there is a delivery, and delete expired rows."""
    await services.outbox.warn_of_stranded()
    sweeping = asyncio.create_task(services.sweeper.run())
    try:
        async with sending(services.outbox, stopping):
            yield
    finally:
        sweeping.cancel()
        await ended(sweeping)
        await services.health.close()


@asynccontextmanager
async def sending(outbox: Outbox, stopping: Stopping | None = None) -> AsyncGenerator[None]:
    """Send the outbox's messages in the background, if there is a delivery.

    No new delivery starts after the process is told to stop, or after the end of the block. Running deliveries may
    finish until their time is over. The next server sends the remaining messages.
    """
    if not outbox.deliveries:
        yield
        return
    stopping = stopping or Stopping()
    stopping.on_stop(outbox.wake)
    worker = asyncio.create_task(OutboxWorker(outbox).run(stopping.requested))
    try:
        yield
    finally:
        stopping.begin()
        await asyncio.wait({worker}, timeout=stopping.seconds_for_deliveries())
        worker.cancel()
        await ended(worker)


def _deliveries(settings: Settings) -> dict[Channel, Delivery]:
    deliveries: dict[Channel, Delivery] = {}
    if settings.smtp_url is not None:
        url = settings.smtp_url.get_secret_value()
        deliveries["email"] = SmtpDelivery.from_url(url, settings.smtp_from, settings.smtp_ca_file)
    if settings.text_url is not None:
        deliveries["text"] = TextDelivery.from_url(settings.text_url.get_secret_value())
    return deliveries


def _login_allowance(settings: Settings) -> Allowance:
    return Allowance(
        LOGIN_GUESSES.quota(settings.login_guesses), LOGIN_GUESSES_BY_USER.quota(settings.login_guesses_per_user)
    )


def _policy(settings: Settings) -> RecoveryPolicy:
    return RecoveryPolicy(
        guesses_per_request=settings.recovery_guesses_per_request,
        requests_per_user_per_hour=settings.recovery_requests_per_user_per_hour,
        requests_backstop=settings.recovery_requests_backstop,
        guesses_per_user_and_address_per_day=settings.recovery_guesses_per_user_and_address_per_day,
        guesses_per_user_per_day=settings.recovery_guesses_per_user_per_day,
        unproved_messages_per_recipient_per_hour=settings.unproved_messages_per_recipient_per_hour,
        decoys=settings.unknown_user == "decoy",
        code_format=settings.recovery_code,
    )
