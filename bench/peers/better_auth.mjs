// Serves better-auth on SQLite. Prints its port. Arguments: the database, and the password of the first user.
import { createServer } from "node:http";
import Database from "better-sqlite3";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";

const [file, password] = process.argv.slice(2);
const database = new Database(file);
database.pragma("journal_mode = WAL");
database.pragma("synchronous = FULL");
const auth = betterAuth({
  database,
  baseURL: "http://127.0.0.1",
  secret: "of a server that exists as long as the benchmark",
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  // The message is dropped: there is no mail server in the project that it is measured for.
  emailAndPassword: { enabled: true, sendResetPassword: async () => {} },
});
await (await getMigrations(auth.options)).runMigrations();
await auth.api.signUpEmail({ body: { email: "user0000000@example.org", name: "", password } });
const server = createServer(toNodeHandler(auth));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
