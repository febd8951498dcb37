"""Bounds of the contract that models and operations share."""

MAX_QUESTIONS = 10
MAX_PASSWORD = 1024
NEW_PASSWORD_LENGTH = {"minimum": 8, "maximum": 128}
MAX_PAGE_SIZE = 200
MAX_ROLE_NAME = 64
