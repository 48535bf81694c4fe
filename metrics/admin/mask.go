package admin

// masked stands for a secret.
const masked = "••••"
