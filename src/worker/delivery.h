/*
 * delivery.h
 *		The dispatcher's deliveries: takes them out of the outbox, gives them to the network, and writes down what became of them.
 */
#ifndef FASTAUTH_WORKER_DELIVERY_H
#define FASTAUTH_WORKER_DELIVERY_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* At the start: what a dispatcher before us had under way is due again. */
extern void worker_delivery_begin(void);

/* Do what can be done now; false when it was nothing.  called: something may be due. */
extern bool worker_delivery_step(bool called);

/* Is something under way, or not written down yet? */
extern bool worker_delivery_is_busy(void);

/* After an error, or while somebody holds what is due: it pauses, longer each time, and who comes anew would not know. */
extern bool worker_delivery_is_paused(void);

/* May something be due at once? */
extern bool worker_delivery_is_looking(void);

/* When the next step has something to do though nobody calls and the network is silent; DT_NOEND: never. */
extern TimestampTz worker_delivery_next(void);

/* Begin no more, as we are about to leave; or do again. */
extern void worker_delivery_stop(bool stop);

/* Wait for the network, a call, or that time. */
extern void worker_delivery_wait(long ms, uint32 wait_event);

#endif							/* FASTAUTH_WORKER_DELIVERY_H */
