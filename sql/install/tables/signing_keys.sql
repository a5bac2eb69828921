/* signing_keys */
