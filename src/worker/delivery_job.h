/*
 * delivery_job.h
 *		What a delivery gives to the network: a mail for an SMTP server, or a request to a webhook.
 */
#ifndef FASTAUTH_WORKER_DELIVERY_JOB_H
#define FASTAUTH_WORKER_DELIVERY_JOB_H

#include "postgres.h"

#include "auth/outbox.h"
#include "auth/webhook.h"
#include "net/net.h"

/* It stays where it is: parts of it point to each other. */
typedef struct DeliveryJob
{
	AuthDelivery delivery;
	AuthOutboxMail parts;		/* of a mail */
	NetMail		mail;
	NetMailServer server;
	bool		by_request;		/* an event, or a mail to email_webhook_url */
	AuthWebhookRequest request;
	const char *problem;		/* it cannot be sent, and has failed; NULL: it can */
	bool		forever;		/* of such a problem: no use to try again */
} DeliveryJob;

/* Make it from job->delivery, in the transaction that claimed it; what it points to is in CurrentMemoryContext. */
extern void worker_job_prepare(DeliveryJob *job);

/* Give it to the network, outside of a transaction; false: there is no memory.  It is wiped. */
extern bool worker_job_start(NetPool *pool, DeliveryJob *job, void *owner);
extern void worker_job_wipe(DeliveryJob *job);

/* Is it no use to try again after that? */
extern bool worker_job_is_final(const DeliveryJob *job, const NetResult *result);

#endif							/* FASTAUTH_WORKER_DELIVERY_JOB_H */
