/* refresh_tokens */
