"""What scenarios are told with: requests, answers, and users who are made up."""
