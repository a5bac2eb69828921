/*
 * pem.c
 *		The one key of a PEM text (RFC 7468).
 *
 * The label says what is inside and only that is tried.  A passphrase is never
 * asked for: OpenSSL's default would do so on the server's terminal.
 */
#include "crypto/pkey_private.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

/* `openssl ecparam -genkey` writes the curve in a block before the key. */
#define PEM_MAX_BLOCKS 2

static EVP_PKEY *
pem_decode_pkcs8(const unsigned char *der, long len)
{
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &der, len);
	EVP_PKEY   *pkey = info ? EVP_PKCS82PKEY(info) : NULL;

	PKCS8_PRIV_KEY_INFO_free(info);
	return pkey;
}

static CrStatus
pem_decode(const char *label, const unsigned char *der, long len, EVP_PKEY **pkey, bool *is_private)
{
	*is_private = true;
	if (strcmp(label, PEM_STRING_PKCS8) == 0)
		return CR_ENCRYPTED;
	if (strcmp(label, PEM_STRING_PKCS8INF) == 0)
		*pkey = pem_decode_pkcs8(der, len);
	else if (strcmp(label, PEM_STRING_RSA) == 0)
		*pkey = d2i_PrivateKey(EVP_PKEY_RSA, NULL, &der, len);
	else if (strcmp(label, PEM_STRING_ECPRIVATEKEY) == 0)
		*pkey = d2i_PrivateKey(EVP_PKEY_EC, NULL, &der, len);
	else
	{
		*is_private = false;
		if (strcmp(label, PEM_STRING_PUBLIC) == 0)
			*pkey = d2i_PUBKEY(NULL, &der, len);
		else if (strcmp(label, PEM_STRING_RSA_PUBLIC) == 0)
			*pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &der, len);
		else
			return CR_UNSUPPORTED;
	}
	return *pkey ? CR_OK : CR_MALFORMED;
}

/* Is there nothing more than white space? */
static bool
pem_at_end(BIO *bio)
{
	char		c;

	while (BIO_read(bio, &c, 1) == 1)
		if (strchr(" \t\r\n", c) == NULL || c == '\0')
			return false;
	return true;
}

CrStatus
cr_pem_read(const char *pem, size_t len, EVP_PKEY **pkey, bool *is_private)
{
	CrStatus	status = CR_MALFORMED;
	BIO		   *bio;
	bool		again = true;

	if (len > CR_PEM_MAX_BYTES)
		return CR_MALFORMED;
	bio = BIO_new_mem_buf(pem, (int) len);
	if (bio == NULL)
		return CR_FAILED;
	for (int i = 0; i < PEM_MAX_BLOCKS && again; i++)
	{
		char	   *label = NULL;
		char	   *header = NULL;
		unsigned char *der = NULL;
		long		der_len = 0;

		again = false;
		if (PEM_read_bio(bio, &label, &header, &der, &der_len) != 1)
			break;
		if (strcmp(label, PEM_STRING_ECPARAMETERS) == 0)
			again = true;
		else if (header[0] != '\0')
			status = CR_ENCRYPTED;	/* RFC 1421: Proc-Type: 4,ENCRYPTED */
		else
			status = pem_decode(label, der, der_len, pkey, is_private);
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, der_len);
	}
	if (status == CR_OK && !pem_at_end(bio))
	{
		EVP_PKEY_free(*pkey);
		*pkey = NULL;
		status = CR_MALFORMED;
	}
	BIO_free(bio);
	return status;
}
