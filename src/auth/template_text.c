/*
 * template_text.c
 *		The mails that we bring: English, and plain enough to need no change.
 *
 * What mail programs take of HTML decides the form: a table, 560 pixels wide and
 * narrower on a phone; every style inline, since some drop the style sheet; a
 * button that is a table cell, since Outlook gives a link no padding.  The style
 * sheet has only what a program without it can miss: dark colours and smaller
 * margins.  Colours have enough contrast when a program turns them round by
 * itself.  There are no pictures, and nothing is loaded from anywhere.
 *
 * Each mail says what happened, what to do, and what to do if it was not you; a
 * link stands below its button in full, for who reads it elsewhere.
 */
#include "auth/template.h"

#define FONT "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"

/* ---- HTML ---- */

/* The text that a list of mails shows behind the subject; blanks keep what follows out of it. */
#define HTML_HEAD(preheader) \
	"<!DOCTYPE html>\n" \
	"<html lang=\"en\" dir=\"ltr\">\n" \
	"<head>\n" \
	"<meta charset=\"utf-8\">\n" \
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n" \
	"<meta name=\"color-scheme\" content=\"light dark\">\n" \
	"<meta name=\"supported-color-schemes\" content=\"light dark\">\n" \
	"<meta name=\"x-apple-disable-message-reformatting\">\n" \
	"<meta name=\"format-detection\" content=\"telephone=no, date=no, address=no, email=no, url=no\">\n" \
	"<title>{{app_name}}</title>\n" \
	"<style>\n" \
	":root { color-scheme: light dark; supported-color-schemes: light dark; }\n" \
	"@media (max-width: 600px) {\n" \
	"  .outer { padding: 20px 12px !important; }\n" \
	"  .card { padding: 28px 22px !important; }\n" \
	"  .code { font-size: 26px !important; letter-spacing: 4px !important; }\n" \
	"}\n" \
	"@media (prefers-color-scheme: dark) {\n" \
	"  body, .outer { background-color: #12151a !important; }\n" \
	"  .card { background-color: #1c2128 !important; border-color: #343b45 !important; }\n" \
	"  .title, .code { color: #f2f5f8 !important; }\n" \
	"  .text { color: #ccd3db !important; }\n" \
	"  .small, .small a { color: #9aa4b0 !important; }\n" \
	"  .box { background-color: #262c35 !important; }\n" \
	"  .rule { border-color: #343b45 !important; }\n" \
	"}\n" \
	"</style>\n" \
	"</head>\n" \
	"<body style=\"margin:0;padding:0;background-color:#f3f5f7;\">\n" \
	"<div style=\"display:none;max-height:0;overflow:hidden;opacity:0;color:transparent;\">" preheader \
	"&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;" \
	"&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;&#8199;&#847;</div>\n" \
	"<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\">\n" \
	"<tr><td class=\"outer\" align=\"center\" style=\"padding:40px 16px;background-color:#f3f5f7;\">\n" \
	"<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"max-width:560px;\">\n" \
	"<tr><td class=\"text\" style=\"padding:0 4px 16px;" FONT "font-size:15px;line-height:22px;font-weight:600;color:#3b4450;\">{{app_name}}</td></tr>\n" \
	"<tr><td class=\"card\" style=\"padding:36px 40px;background-color:#ffffff;border:1px solid #dfe3e8;border-radius:10px;\">\n"

#define HTML_TITLE(title) \
	"<h1 class=\"title\" style=\"margin:0 0 20px;" FONT "font-size:22px;line-height:30px;font-weight:600;color:#161b22;\">" title "</h1>\n"

#define HTML_TEXT(text) \
	"<p class=\"text\" style=\"margin:0 0 16px;" FONT "font-size:16px;line-height:25px;color:#3b4450;overflow-wrap:break-word;word-break:break-word;\">" text "</p>\n"

#define HTML_SMALL(text) \
	"<p class=\"small\" style=\"margin:0 0 12px;" FONT "font-size:14px;line-height:21px;color:#68727e;overflow-wrap:break-word;word-break:break-word;\">" text "</p>\n"

#define HTML_RULE "<div class=\"rule\" style=\"margin:24px 0 20px;border-top:1px solid #e4e8ec;font-size:0;line-height:0;\">&nbsp;</div>\n"

#define HTML_BUTTON(label) \
	"<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"margin:24px 0;\">\n" \
	"<tr><td align=\"center\" bgcolor=\"#2457d6\" style=\"border-radius:8px;background-color:#2457d6;\">" \
	"<a href=\"{{url}}\" style=\"display:inline-block;padding:13px 26px;" FONT "font-size:16px;line-height:22px;font-weight:600;color:#ffffff;text-decoration:none;border-radius:8px;\">" label "</a>" \
	"</td></tr>\n</table>\n"

#define HTML_BARE_LINK \
	HTML_SMALL("If the button does not work, copy this link into your browser:<br>" \
			   "<a href=\"{{url}}\" style=\"color:#68727e;word-break:break-all;\">{{url}}</a>")

#define HTML_CODE \
	"<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"margin:24px 0;\">\n" \
	"<tr><td class=\"box code\" align=\"center\" style=\"padding:20px 12px;background-color:#eef1f4;border-radius:8px;" \
	"font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace;font-size:32px;line-height:40px;font-weight:600;letter-spacing:6px;color:#161b22;\">{{code}}</td></tr>\n" \
	"</table>\n"

#define HTML_DETAIL(name, value) \
	"<tr><td class=\"small\" valign=\"top\" style=\"padding:5px 16px 5px 0;" FONT "font-size:14px;line-height:21px;color:#68727e;white-space:nowrap;\">" name "</td>" \
	"<td class=\"text\" valign=\"top\" width=\"100%\" style=\"padding:5px 0;" FONT "font-size:14px;line-height:21px;color:#3b4450;word-break:break-word;\">" value "</td></tr>\n"

/* When and from where; more, which are HTML_DETAILs, come first. */
#define HTML_DETAILS(more) \
	"<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"margin:20px 0;\">\n" \
	"<tr><td class=\"box\" style=\"padding:13px 18px;background-color:#eef1f4;border-radius:8px;\">\n" \
	"<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\">\n" \
	more \
	HTML_DETAIL("Time", "{{time}}") \
	HTML_DETAIL("IP address", "{{ip_address}}") \
	HTML_DETAIL("Device", "{{user_agent}}") \
	"</table>\n</td></tr>\n</table>\n"

#define HTML_ASKED_FROM HTML_SMALL("Requested at {{time}}<br>IP address: {{ip_address}}<br>Device: {{user_agent}}")

#define HTML_FOOT \
	"</td></tr>\n" \
	"<tr><td class=\"small\" style=\"padding:18px 4px 0;" FONT "font-size:13px;line-height:20px;color:#68727e;overflow-wrap:break-word;word-break:break-word;\">" \
	"{{app_name}} sent this message because of the account {{email}}.</td></tr>\n" \
	"</table>\n" \
	"</td></tr>\n" \
	"</table>\n" \
	"</body>\n" \
	"</html>\n"

#define HTML_MAIL(preheader, title, body) HTML_HEAD(preheader) HTML_TITLE(title) HTML_TEXT("Hello {{name}},") body HTML_FOOT

/* ---- text ---- */

#define TEXT_DETAILS(more) \
	more \
	"    Time:        {{time}}\n" \
	"    IP address:  {{ip_address}}\n" \
	"    Device:      {{user_agent}}\n\n"

#define TEXT_ASKED_FROM "Requested at {{time}}\nIP address:  {{ip_address}}\nDevice:      {{user_agent}}\n\n"

#define TEXT_LINK "    {{url}}\n\n"

#define TEXT_MAIL(body) \
	"Hello {{name}},\n\n" body \
	"-- \n{{app_name}} sent this message because of the account {{email}}.\n"

/* ---- sentences that several share ---- */

#define NOT_YOU "If it was you, there is nothing to do. If it was not, somebody else may have access to your account: "

#define RESET_IT "reset your password from the sign-in page at once, which also ends all sessions."

#define IGNORE_IT "If you did not ask for this, ignore this message: nothing changes until the link is used."

#define ONCE "The link works once, and for {{expires_in}}."

const AuthTemplateText auth_template_texts[AUTH_MAILS] = {
	[AUTH_MAIL_VERIFICATION] = {
		.subject = "Verify your email address",
		.html = HTML_MAIL("Confirm that this address is yours to finish setting up your account.", "Verify your email address",
						  HTML_TEXT("Please confirm that <strong>{{email}}</strong> is your address, so that we can reach you and help you back into your account.")
						  HTML_BUTTON("Verify address") HTML_TEXT(ONCE) HTML_BARE_LINK HTML_RULE
						  HTML_SMALL("If you did not create an account at {{app_name}}, somebody else has entered your address. Do not use the link, and ignore this message.")
						  HTML_ASKED_FROM),
		.text = TEXT_MAIL("Please confirm that {{email}} is your address,\nso that we can reach you and help you back into your account. Open this link:\n\n" TEXT_LINK
						  ONCE "\n\n"
						  "If you did not create an account at {{app_name}}, somebody else has entered\nyour address. Do not use the link, and ignore this message.\n\n"
						  TEXT_ASKED_FROM)
	},
	[AUTH_MAIL_PASSWORD_RESET] = {
		.subject = "Reset your password",
		.html = HTML_MAIL("Choose a new password for your account.", "Reset your password",
						  HTML_TEXT("Somebody asked to reset the password of your account at {{app_name}}. If that was you, choose a new one:")
						  HTML_BUTTON("Choose a new password") HTML_TEXT(ONCE " A new password ends all sessions.") HTML_BARE_LINK HTML_RULE
						  HTML_SMALL("If you did not ask for this, ignore this message: your password stays as it is. Never give the link to anybody.")
						  HTML_ASKED_FROM),
		.text = TEXT_MAIL("Somebody asked to reset the password of your account at {{app_name}}.\nIf that was you, choose a new one here:\n\n" TEXT_LINK
						  ONCE " A new password ends all\nsessions.\n\n"
						  "If you did not ask for this, ignore this message: your password stays as\nit is. Never give the link to anybody.\n\n"
						  TEXT_ASKED_FROM)
	},
	[AUTH_MAIL_EMAIL_CHANGE] = {
		.subject = "Confirm your new email address",
		.html = HTML_MAIL("Confirm the new address of your account.", "Confirm your new email address",
						  HTML_TEXT("Somebody asked to change the address of the account {{email}} at {{app_name}} to <strong>{{new_email}}</strong>. If that was you, confirm it:")
						  HTML_BUTTON("Confirm address") HTML_TEXT(ONCE) HTML_BARE_LINK HTML_RULE HTML_SMALL(IGNORE_IT) HTML_ASKED_FROM),
		.text = TEXT_MAIL("Somebody asked to change the address of the account {{email}}\nat {{app_name}} to {{new_email}}.\nIf that was you, confirm it here:\n\n" TEXT_LINK
						  ONCE "\n\n" "If you did not ask for this, ignore this message: nothing changes until the\nlink is used.\n\n" TEXT_ASKED_FROM)
	},
	[AUTH_MAIL_MAGIC_LINK_LOGIN] = {
		.subject = "Sign in to {{app_name}}",
		.html = HTML_MAIL("Your link to sign in. It works once.", "Sign in to {{app_name}}",
						  HTML_TEXT("Here is the link that you asked for. Open it in the browser in which you asked.")
						  HTML_BUTTON("Sign in") HTML_TEXT(ONCE) HTML_BARE_LINK HTML_RULE
						  HTML_SMALL("If you did not ask for this, ignore this message. Whoever has the link can sign in as you: never give it to anybody.")
						  HTML_ASKED_FROM),
		.text = TEXT_MAIL("Here is the link that you asked for to sign in to {{app_name}}.\nOpen it in the browser in which you asked:\n\n" TEXT_LINK
						  ONCE "\n\n"
						  "If you did not ask for this, ignore this message. Whoever has the link can\nsign in as you: never give it to anybody.\n\n"
						  TEXT_ASKED_FROM)
	},
	[AUTH_MAIL_OTP] = {
		.subject = "Your code for {{app_name}}",
		.html = HTML_MAIL("Your code to sign in. It works once.", "Your code to sign in",
						  HTML_TEXT("Enter this code on the page of {{app_name}} where you asked for it:")
						  HTML_CODE HTML_TEXT("The code works once, and for {{expires_in}}.") HTML_RULE
						  HTML_SMALL("If you did not ask for this, ignore this message. We never ask for the code by phone or message: never give it to anybody.")
						  HTML_ASKED_FROM),
		.text = TEXT_MAIL("Enter this code on the page of {{app_name}} where you asked for it:\n\n    {{code}}\n\n"
						  "The code works once, and for {{expires_in}}.\n\n"
						  "If you did not ask for this, ignore this message. We never ask for the code\nby phone or message: never give it to anybody.\n\n"
						  TEXT_ASKED_FROM)
	},
	[AUTH_MAIL_WELCOME] = {
		.subject = "Welcome to {{app_name}}",
		.html = HTML_MAIL("Your address is verified, and your account is ready.", "Welcome to {{app_name}}",
						  HTML_TEXT("Your address <strong>{{email}}</strong> is verified, and your account is ready.")
						  HTML_BUTTON("Open {{app_name}}") HTML_BARE_LINK),
		.text = TEXT_MAIL("Welcome to {{app_name}}. Your address {{email}}\nis verified, and your account is ready:\n\n" TEXT_LINK)
	},
	[AUTH_MAIL_ALREADY_REGISTERED] = {
		.subject = "You already have an account at {{app_name}}",
		.html = HTML_MAIL("Somebody tried to use your address for an account.", "You already have an account",
						  HTML_TEXT("Somebody tried to use <strong>{{email}}</strong> for an account at {{app_name}}. There is one with this address already, and nothing about it was changed.")
						  HTML_TEXT("If that was you, sign in. If you do not remember your password, you can reset it there.")
						  HTML_BUTTON("Sign in") HTML_BARE_LINK HTML_RULE
						  HTML_SMALL("If it was not you, there is nothing to do: whoever it was has not been told that you have an account.") HTML_ASKED_FROM),
		.text = TEXT_MAIL("Somebody tried to use {{email}} for an account at {{app_name}}.\nThere is one with this address already, and nothing about it was changed.\n\n"
						  "If that was you, sign in. If you do not remember your password, you can\nreset it there:\n\n" TEXT_LINK
						  "If it was not you, there is nothing to do: whoever it was has not been told\nthat you have an account.\n\n" TEXT_ASKED_FROM)
	},
	[AUTH_MAIL_PASSWORD_CHANGED] = {
		.subject = "Your password was changed",
		.html = HTML_MAIL("The password of your account was changed.", "Your password was changed",
						  HTML_TEXT("The password of your account at {{app_name}} was changed.") HTML_DETAILS("")
						  HTML_TEXT(NOT_YOU RESET_IT) HTML_BUTTON("Go to sign-in") HTML_BARE_LINK),
		.text = TEXT_MAIL("The password of your account at {{app_name}} was changed.\n\n" TEXT_DETAILS("")
						  "If it was you, there is nothing to do. If it was not, somebody else may have\naccess to your account: reset your password from the sign-in page at once,\nwhich also ends all sessions.\n\n" TEXT_LINK)
	},
	[AUTH_MAIL_EMAIL_CHANGED] = {
		.subject = "Your email address was changed",
		.html = HTML_MAIL("Your account has another email address now.", "Your email address was changed",
						  HTML_TEXT("The address of your account at {{app_name}} was changed. Messages about it no longer come to this mailbox.")
						  HTML_DETAILS(HTML_DETAIL("New address", "{{new_email}}"))
						  HTML_TEXT("If it was you, there is nothing to do. If it was not, somebody else has access to your account: "
									"get in touch with {{app_name}} at once, from this address, and do not delete this message.")
						  HTML_SMALL("{{app_name}}: <a href=\"{{url}}\" style=\"color:#68727e;word-break:break-all;\">{{url}}</a>")),
		.text = TEXT_MAIL("The address of your account at {{app_name}} was changed. Messages about it\nno longer come to this mailbox.\n\n"
						  TEXT_DETAILS("    New address: {{new_email}}\n")
						  "If it was you, there is nothing to do. If it was not, somebody else has\naccess to your account: get in touch with {{app_name}} at once, from this\naddress, and do not delete this message.\n\n" TEXT_LINK)
	},
	[AUTH_MAIL_NEW_DEVICE_SIGNIN] = {
		.subject = "New sign-in to your account",
		.html = HTML_MAIL("Somebody signed in from a device that is new to us.", "New sign-in to your account",
						  HTML_TEXT("Somebody signed in to your account at {{app_name}} from a device that we have not seen with it before.") HTML_DETAILS("")
						  HTML_TEXT(NOT_YOU RESET_IT) HTML_BUTTON("Go to sign-in") HTML_BARE_LINK),
		.text = TEXT_MAIL("Somebody signed in to your account at {{app_name}} from a device that we\nhave not seen with it before.\n\n" TEXT_DETAILS("")
						  "If it was you, there is nothing to do. If it was not, somebody else may have\naccess to your account: reset your password from the sign-in page at once,\nwhich also ends all sessions.\n\n" TEXT_LINK)
	},
	[AUTH_MAIL_ACCOUNT_LINKED] = {
		.subject = "{{provider}} was linked to your account",
		.html = HTML_MAIL("There is a new way to sign in to your account.", "A new way to sign in",
						  HTML_TEXT("An account at <strong>{{provider}}</strong> was linked to your account at {{app_name}}. Whoever can use it can now sign in as you.") HTML_DETAILS("")
						  HTML_TEXT(NOT_YOU "remove the link in your account, and " RESET_IT) HTML_BUTTON("Go to sign-in") HTML_BARE_LINK),
		.text = TEXT_MAIL("An account at {{provider}} was linked to your account at {{app_name}}.\nWhoever can use it can now sign in as you.\n\n" TEXT_DETAILS("")
						  "If it was you, there is nothing to do. If it was not, somebody else may have\naccess to your account: remove the link in your account, and reset your\npassword from the sign-in page at once, which also ends all sessions.\n\n" TEXT_LINK)
	},
	[AUTH_MAIL_ACCOUNT_UNLINKED] = {
		.subject = "{{provider}} was unlinked from your account",
		.html = HTML_MAIL("One way to sign in to your account was removed.", "A way to sign in was removed",
						  HTML_TEXT("The account at <strong>{{provider}}</strong> was unlinked from your account at {{app_name}}. It does not sign you in any more.") HTML_DETAILS("")
						  HTML_TEXT(NOT_YOU RESET_IT) HTML_BUTTON("Go to sign-in") HTML_BARE_LINK),
		.text = TEXT_MAIL("The account at {{provider}} was unlinked from your account at {{app_name}}.\nIt does not sign you in any more.\n\n" TEXT_DETAILS("")
						  "If it was you, there is nothing to do. If it was not, somebody else may have\naccess to your account: reset your password from the sign-in page at once,\nwhich also ends all sessions.\n\n" TEXT_LINK)
	},
	[AUTH_MAIL_SESSIONS_ENDED] = {
		.subject = "Sessions of your account were ended",
		.html = HTML_MAIL("Other devices have to sign in again.", "Sessions of your account were ended",
						  HTML_TEXT("All other sessions of your account at {{app_name}} were ended. Those devices have to sign in again.") HTML_DETAILS("")
						  HTML_TEXT(NOT_YOU RESET_IT) HTML_BUTTON("Go to sign-in") HTML_BARE_LINK),
		.text = TEXT_MAIL("All other sessions of your account at {{app_name}} were ended. Those devices\nhave to sign in again.\n\n" TEXT_DETAILS("")
						  "If it was you, there is nothing to do. If it was not, somebody else may have\naccess to your account: reset your password from the sign-in page at once,\nwhich also ends all sessions.\n\n" TEXT_LINK)
	},
	[AUTH_MAIL_ACCOUNT_DELETED] = {
		.subject = "Your account was deleted",
		.html = HTML_MAIL("Your account does not exist any more.", "Your account was deleted",
						  HTML_TEXT("Your account at {{app_name}} was deleted, and so was what we kept for it. It cannot be restored.") HTML_DETAILS("")
						  HTML_TEXT("If it was you, there is nothing to do, and this is our last message. If it was not, get in touch with {{app_name}} at once, from this address.")),
		.text = TEXT_MAIL("Your account at {{app_name}} was deleted, and so was what we kept for it. It\ncannot be restored.\n\n" TEXT_DETAILS("")
						  "If it was you, there is nothing to do, and this is our last message. If it\nwas not, get in touch with {{app_name}} at once, from this address.\n\n")
	},
};
