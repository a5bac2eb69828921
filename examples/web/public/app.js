/*
 * app.js
 *		Sign-up, sign-in, profile and sessions over PostgREST, with cookies.
 *
 * The tokens are in cookies that this script cannot read; it never holds one.
 * The one cookie that it can read is the CSRF token, which every request that
 * changes something repeats in a header.
 */
const API = "/api/rpc/";
const CSRF_COOKIE = "__Host-fastauth-csrf=";

const $ = (id) => document.getElementById(id);

/* ---- talking to the API ---- */

/* "try again in 2990 seconds" */
const inMinutes = (text) => text.replace(/(\d+) seconds/, (all, n) => n < 120 ? all : `${Math.ceil(n / 60)} minutes`);

class ApiError extends Error {
	constructor(status, body) {
		super(inMinutes(body?.message || "The server does not answer. Try again in a moment."));
		this.status = status;
		this.word = body?.details || "";	// the stable word: docs/reference.md#errors
		// Without an access token the request ran as anon, who may not call the function.
		this.isStale = status === 401 && (this.word === "token_expired" || this.word === "not_authenticated" || body?.code === "42501");
	}
}

const csrfToken = () => {
	const cookie = document.cookie.split("; ").find((c) => c.startsWith(CSRF_COOKIE));
	return cookie ? cookie.slice(CSRF_COOKIE.length) : null;
};

async function send(name, args) {
	const headers = { "Content-Type": "application/json" };
	const csrf = csrfToken();

	if (csrf)
		headers["X-CSRF-Token"] = csrf;
	const answer = await fetch(API + name, { method: "POST", headers, body: JSON.stringify(args), credentials: "same-origin" })
		.catch(() => { throw new ApiError(0); });
	const body = await answer.text();
	let json;

	try { json = body ? JSON.parse(body) : null; } catch { json = null; }
	if (!answer.ok)
		throw new ApiError(answer.status, json);
	return json;
}

/* The access token lives for minutes.  When it is gone one request gets the next, for all that wait. */
let refreshing = null;

function refresh() {
	refreshing ??= navigator.locks.request("fastauth-refresh", () => send("refresh", {})).finally(() => { refreshing = null; });
	return refreshing;
}

async function call(name, args = {}) {
	try {
		return await send(name, args);
	} catch (error) {
		if (!error.isStale || !csrfToken())
			throw error;
	}
	await refresh();
	return send(name, args);
}

/* What needs a recent sign-in asks for the password, once, and goes on. */
async function callSensitive(name, args) {
	try {
		return await call(name, args);
	} catch (error) {
		if (error.word !== "reauthentication_required" || !await askAgain())
			throw error;
	}
	return call(name, args);
}

/* ---- views ---- */

const views = [...document.querySelectorAll("main > section")];

function show(view, notice = "", isBad = false) {
	for (const section of views)
		section.hidden = section.id !== `view-${view}`;
	$("signout").hidden = view !== "account";
	$("notice").textContent = notice;
	$("notice").classList.toggle("bad", isBad);
	$("notice").hidden = !notice;
	document.title = `${document.querySelector(`#view-${view} h1`).textContent} · Harbor`;
	document.querySelectorAll(".error").forEach((e) => { e.hidden = true; });
	if (view !== "account")
		document.querySelector(`#view-${view} input`)?.focus();
}

function go(path, view, notice) {
	history.pushState(null, "", path);
	show(view, notice);
}

/* What people should do, where the server's own line is for programmers. */
const MESSAGES = {
	invalid_credentials: "That e-mail address and password do not match.",
	user_already_exists: "There is an account with this address. Sign in, or choose a new password.",
	invalid_email: "This is not an e-mail address.",
	invalid_token: "This link was used already, or is not complete. Ask for another one.",
	token_expired: "This link is too old. Ask for another one.",
	email_not_verified: "Open the link in the mail that we sent you first.",
	account_inactive: "This account is closed.",
};

/* Handle a form: its fields are the arguments; what is refused stands in the form. */
function onSubmit(id, work) {
	const form = $(id);
	const error = form.querySelector(".error");
	const button = form.querySelector("button.primary");

	form.addEventListener("submit", async (event) => {
		event.preventDefault();
		const bad = form.querySelector(":invalid");

		form.querySelectorAll("input").forEach((input) => input.setAttribute("aria-invalid", String(!input.checkValidity())));
		error.hidden = !bad;
		if (bad) {
			error.textContent = bad.validationMessage;
			bad.focus();
			return;
		}
		button.disabled = true;
		try {
			await work(form.elements, form);
			form.reset();
		} catch (e) {
			// Who is signed in enters a password alone.
			error.textContent = (e.word === "invalid_credentials" && !form.elements.email ? "That is not your password." : MESSAGES[e.word]) || e.message.charAt(0).toUpperCase() + e.message.slice(1) + (/[.!?]$/.test(e.message) ? "" : ".");
			error.hidden = false;
		} finally {
			button.disabled = false;
		}
	});
}

/* ---- the account ---- */

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

function ago(time) {
	const seconds = (Date.parse(time) - Date.now()) / 1000;

	for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]])
		if (Math.abs(seconds) >= size)
			return relative.format(Math.round(seconds / size), unit);
	return "just now";
}

/* "Firefox on Linux": enough to tell one's devices apart. */
function device(agent) {
	const find = (names) => names.find(([pattern]) => pattern.test(agent || ""))?.[1];
	const browser = find([[/Edg\//, "Edge"], [/OPR\//, "Opera"], [/Firefox\//, "Firefox"], [/Chrome\//, "Chrome"], [/Safari\//, "Safari"]]);
	const system = find([[/Android/, "Android"], [/iPhone|iPad/, "iOS"], [/Windows/, "Windows"], [/Mac OS X/, "macOS"], [/Linux/, "Linux"]]);

	return [browser, system].filter(Boolean).join(" on ") || "Unknown device";
}

const element = (tag, text, className) => Object.assign(document.createElement(tag), { textContent: text, className: className || "" });

function sessionRow(session) {
	const row = document.createElement("li");
	const about = document.createElement("div");
	const icon = $(/Mobile|Android|iPhone/.test(session.user_agent) ? "icon-phone" : "icon-desktop").content.cloneNode(true);
	const title = element("strong", device(session.user_agent));

	about.append(title);
	if (session.current)
		about.append(" ", element("span", "This device", "badge"));
	const facts = [session.ip_address, `signed in ${ago(session.created_at)}`, `last used ${ago(session.last_used_at)}`].filter(Boolean);
	const line = element("p");

	// A line breaks between facts only.
	facts.forEach((fact, i) => line.append(i ? " · " : "", element("span", fact)));
	about.append(line);
	row.append(icon, about);
	if (!session.current) {
		const button = element("button", "Sign out", "secondary");

		button.type = "button";
		button.setAttribute("aria-label", `Sign out ${title.textContent}`);
		button.addEventListener("click", async () => {
			button.disabled = true;
			try {
				await callSensitive("revoke_session", { id: session.id });
				await showAccount("That device is signed out.");
			} catch (e) {
				button.disabled = false;
				// Who was asked for the password, and went back, knows.
				if (e.word !== "reauthentication_required")
					await failed(e);
			}
		});
		row.append(button);
	}
	return row;
}

let me = null;

async function showAccount(notice = "") {
	const [user, sessions] = await Promise.all([call("me"), call("list_sessions")]);

	me = user;
	$("name").textContent = user.name || user.email.split("@")[0];
	$("email").textContent = user.email;
	$("unverified-email").textContent = user.email;
	$("initials").textContent = (user.name || user.email).split(/\s+/).slice(0, 2).map((word) => word[0].toUpperCase()).join("");
	$("badge").textContent = user.email_verified ? "Confirmed" : "Not confirmed";
	$("badge").classList.toggle("open", !user.email_verified);
	$("unverified").hidden = user.email_verified;
	$("sessions").replaceChildren(...sessions.sort((a, b) => b.current - a.current || Date.parse(b.last_used_at) - Date.parse(a.last_used_at)).map(sessionRow));
	show("account", notice);
}

/* Not signed in any more: clear the cookies that are left, and begin anew. */
async function failed(error) {
	if (error.status === 401) {
		await send("signout", {}).catch(() => {});
		go("/", "signin", "You are signed out.");
	} else
		show(me ? "account" : "signin", error.message, true);
}

function askAgain() {
	const dialog = $("dialog-again");

	return new Promise((resolve) => {
		dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
		dialog.returnValue = "";
		dialog.showModal();
	});
}

/* ---- links in mails ---- */

/* A browser sends nothing behind a # to a server; take it out of the history too. */
function linkToken() {
	const token = new URLSearchParams(location.hash.slice(1)).get("token");

	if (token)
		history.replaceState(null, "", location.pathname);
	return token;
}

let token = null;

async function verify(args) {
	await call("verify_email", { token, ...args });
	token = null;
	show("verified");
}

async function start() {
	token = linkToken();
	if (location.pathname === "/verify-email" && token) {
		if (!csrfToken())
			return show("verify");
		// Signed in and not verified: the session shows that it is the same person.  Otherwise the link may be of another account.
		return call("me").then((user) => user.email_verified ? show("verify") : verify({})).catch(() => show("verify"));
	}
	if (location.pathname === "/reset-password" && token)
		return show("reset");
	if (location.pathname === "/signup")
		return show("signup");
	if (location.pathname === "/forgot")
		return show("forgot");
	if (!csrfToken())
		return show("signin");
	return showAccount().catch(failed);
}

/* ---- what people click ---- */

onSubmit("form-signin", async ({ email, password, remember }) => {
	await send("signin", { email: email.value, password: password.value, remember: remember.checked });
	history.replaceState(null, "", "/");
	await showAccount();
});

onSubmit("form-signup", async ({ name, email, password }) => {
	const pair = await send("signup", { name: name.value || null, email: email.value, password: password.value });

	history.replaceState(null, "", "/");
	if (pair.token_type)
		await showAccount("Welcome! Your account is ready.");
	else	// require_verified_email is on: nobody is signed in yet
		show("signin", "Look into your mailbox: we sent you a link.");
});

onSubmit("form-forgot", async ({ email }) => {
	await send("request_password_reset", { email: email.value });
	go("/", "signin", "If there is an account with this address, a link is on its way.");
});

onSubmit("form-reset", async ({ new_password }) => {
	await send("reset_password", { token, new_password: new_password.value });
	token = null;
	go("/", "signin", "Your new password is saved. Sign in with it.");
});

onSubmit("form-verify", ({ password }) => verify({ password: password.value }));

onSubmit("form-name", async ({ name }) => {
	await call("update_me", { name: name.value });
	$("dialog-name").close();
	await showAccount("Saved.");
});

onSubmit("form-password", async ({ current_password, new_password }) => {
	await call("change_password", { current_password: current_password.value, new_password: new_password.value });
	$("dialog-password").close();
	await showAccount("Your password is changed.");
});

onSubmit("form-again", async ({ password }) => {
	await call("reauthenticate", { password: password.value });
	$("dialog-again").close("yes");
});

$("edit").addEventListener("click", () => {
	$("form-name").elements.name.value = me.name || "";
	$("dialog-name").showModal();
});

$("change").addEventListener("click", () => $("dialog-password").showModal());

$("resend").addEventListener("click", async () => {
	await call("request_email_verification").then(() => show("account", "The link is on its way."), failed);
});

$("signout").addEventListener("click", async () => {
	await call("signout").catch(() => {});
	go("/", "signin", "You are signed out.");
});

document.addEventListener("click", (event) => {
	const link = event.target.closest("[data-view]");

	if (link) {
		event.preventDefault();
		go(link.getAttribute("href"), link.dataset.view);
	} else if (event.target.closest("[data-close]"))
		event.target.closest("dialog").close("");
});

/* What was entered in a dialog does not wait there for the next who opens it. */
for (const dialog of document.querySelectorAll("dialog"))
	dialog.addEventListener("close", () => {
		dialog.querySelector("form").reset();
		dialog.querySelector(".error").hidden = true;
	});

window.addEventListener("popstate", start);
start();
