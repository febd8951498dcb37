"""What scenarios work with: requests, responses, and new users."""
