/*
 * instance.c
 *		Restored copies, and rotation of the master key.
 *
 * Both hold the instance's row exclusively until the end of the transaction;
 * whoever seals a value holds it FOR SHARE.  So no value is sealed under an
 * older line, or for the old instance, behind their back.
 */
#include "auth/instance.h"

#include "auth/key.h"
#include "auth/outbox.h"
#include "auth/seal.h"
#include "base/errors.h"
#include "base/uuid.h"
#include "shmem/master_key.h"
#include "store/instance.h"

bool
auth_instance_is_copy(void)
{
	return store_instance_is_copy();
}

/*
 * A new instance is what a staging copy wants, which should not have the
 * production master key: so a default key may be made here although a row of
 * an instance is there, and what does not open any more is removed.  The private
 * parts of keys end before new ones are made, whether they open or not.
 */
static void
instance_renew(const pg_uuid_t *old)
{
	pg_uuid_t	id;

	shmem_master_key_make_default();
	base_uuid_make(&id);
	store_instance_adopt(&id);
	store_instance_end_sessions();
	auth_seal_all_anew(AUTH_SEAL_MOVE, old);
	auth_key_renew();
}

void
auth_instance_adopt(bool revoke)
{
	pg_uuid_t	old;

	if (!store_instance_lock(true) || !store_instance_id(&old))
	{
		store_instance_ensure();
		return;
	}
	auth_outbox_wake();
	if (revoke)
		instance_renew(&old);
	else
	{
		auth_seal_all_anew(AUTH_SEAL_CHECK, &old);
		store_instance_adopt(NULL);
	}
}

/*
 * The new line is on disk before anything is sealed under it, and the old ones
 * stay: a rollback or a crash at any moment leaves values that open.
 */
char *
auth_instance_rotate_master_key(void)
{
	ShmemMasterKey key;
	pg_uuid_t	instance;
	char	   *id;

	store_instance_ensure();
	if (!store_instance_lock(true) || !store_instance_id(&instance))
		elog(ERROR, "there is no instance");
	auth_seal_all_anew(AUTH_SEAL_CHECK, &instance);
	if (shmem_master_key_source() == MASTER_KEY_DEFAULT)
		shmem_master_key_rotate_default();
	auth_seal_all_anew(AUTH_SEAL_ROTATE, &instance);
	shmem_master_key_current(&key);
	id = pstrdup(key.id);
	explicit_bzero(&key, sizeof(key));
	return id;
}
