-- verify_jws: every example of RFC 7515, 7517, 7518, 7519, 7520 and 8037 that is a JWS or a key for one,
-- and everything malformed that is refused.
--
-- The encrypted examples (RFC 7516, RFC 7517 B and C, RFC 7519 A.1 and A.2, RFC 7520 5 and 6, RFC 8037 A.6
-- and A.7) do not apply: there is no JWE here.  Keys "made" and their JWS come from Python's cryptography.
-- The thumbprints (RFC 7638 3.1, RFC 8037 A.3) are in key.sql.
CREATE SCHEMA regress_jws;
SET search_path = regress_jws, public;
CREATE TABLE rfc_key (name text PRIMARY KEY, jwk jsonb NOT NULL);
CREATE TABLE rfc_jws (id int GENERATED ALWAYS AS IDENTITY, name text, key text, jws text, payload text);

INSERT INTO rfc_key (name, jwk) VALUES
	('7515 A.1', '{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}'),
	('7515 A.2', '{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB","d":"Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ","p":"4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc","q":"uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc","dp":"BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0","dq":"h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU","qi":"IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U"}'),
	('7515 A.3', '{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}'),
	('7515 A.4', '{"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2","d":"AY5pb7A0UFiB3RELSD64fTLOSV_jazdF7fLYyuTw8lOfRhWg6Y6rUrPAxerEzgdRhajnu0ferB0d53vM9mE15j2C"}'),
	('7515 A.6', '{"keys":[{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB","kid":"2010-12-29"},{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","kid":"e9bc097a-ce51-4036-9562-d2ade882db0d"}]}'),
	('7517 A.1', '{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"},{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}]}'),
	('7517 A.2', '{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE","use":"enc","kid":"1"},{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","d":"X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH-HLLKD9M7dx5oo7GURknchnrRweUkC7hT5fJLM0WbFAKNLWY2vv7B6NqXSzUvxT0_YSfqijwp3RTzlBaCxWp4doFk5N2o8Gy_nHNKroADIkJ46pRUohsXywbReAdYaMwFs9tv8d_cPVY3i07a3t8MN6TNwm0dSawm9v47UiCl3Sk5ZiG7xojPLu4sbg1U2jx4IBTNBznbJSzFHK66jT8bgkuqsk0GjskDJk19Z4qwjwbsnn4j2WBii3RL-Us2lGVkY8fkFzme1z0HbIkfz0Y6mqnOYtqc0X4jfcKoAC8Q","p":"83i-7IvMGXoMXCskv73TKr8637FiO7Z27zv8oj6pbWUQyLPQBQxtPVnwD20R-60eTDmD2ujnMt5PoqMrm8RfmNhVWDtjjMmCMjOpSXicFHj7XOuVIYQyqVWlWEh6dN36GVZYk93N8Bc9vY41xy8B9RzzOGVQzXvNEvn7O0nVbfs","q":"3dfOR9cuYq-0S-mkFLzgItgMEfFzB2q3hWehMuG0oCuqnb3vobLyumqjVZQO1dIrdwgTnCdpYzBcOfW5r370AFXjiWft_NGEiovonizhKpo9VVS78TzFgxkIdrecRezsZ-1kYd_s1qDbxtkDEgfAITAG9LUnADun4vIcb6yelxk","dp":"G4sPXkc6Ya9y8oJW9_ILj4xuppu0lzi_H7VTkS8xj5SdX3coE0oimYwxIi2emTAue0UOa5dpgFGyBJ4c8tQ2VF402XRugKDTP8akYhFo5tAA77Qe_NmtuYZc3C3m3I24G2GvR5sSDxUyAN2zq8Lfn9EUms6rY3Ob8YeiKkTiBj0","dq":"s9lAH9fggBsoFR8Oac2R_E2gw282rT2kGOAhvIllETE1efrA6huUUvMfBcMpn8lqeW6vzznYY5SSQF7pMdC_agI3nG8Ibp1BUb0JUiraRNqUfLhcQb_d9GF4Dh7e74WbRsobRonujTYN1xCaP6TO61jvWrX-L18txXw494Q_cgk","qi":"GyM_p6JrXySiz1toFgKbWV-JdI3jQ4ypu9rbMWx3rQJBfmt0FoYzgUIZEVFEcOqwemRN81zoDAaa-Bk0KWNGDjJHZDdDmFhW3AN7lI-puxk_mHZGJ11rxyR8O55XLSe3SPmRfKwZI6yU24ZxvQKFYItdldUKGzO6Ia6zTKhAVRU","alg":"RS256","kid":"2011-04-29"}]}'),
	('7517 A.3', '{"keys":[{"kty":"oct","alg":"A128KW","k":"GawgguFyGrWKav7AX4VKUg"},{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow","kid":"HMAC key used in JWS A.1 example"}]}'),
	('7520 3.1', '{"kty":"EC","kid":"bilbo.baggins@hobbiton.example","use":"sig","crv":"P-521","x":"AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt","y":"AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1"}'),
	('7520 3.2', '{"kty":"EC","kid":"bilbo.baggins@hobbiton.example","use":"sig","crv":"P-521","x":"AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt","y":"AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1","d":"AAhRON2r9cqXX1hg-RoI6R1tX5p2rUAYdmpHZoC1XNM56KtscrX6zbKipQrCW9CGZH3T4ubpnoTKLDYJ_fF3_rJt"}'),
	('7520 3.3', '{"kty":"RSA","kid":"bilbo.baggins@hobbiton.example","use":"sig","n":"n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw","e":"AQAB"}'),
	('7520 3.4', '{"kty":"RSA","kid":"bilbo.baggins@hobbiton.example","use":"sig","n":"n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw","e":"AQAB","d":"bWUC9B-EFRIo8kpGfh0ZuyGPvMNKvYWNtB_ikiH9k20eT-O1q_I78eiZkpXxXQ0UTEs2LsNRS-8uJbvQ-A1irkwMSMkK1J3XTGgdrhCku9gRldY7sNA_AKZGh-Q661_42rINLRCe8W-nZ34ui_qOfkLnK9QWDDqpaIsA-bMwWWSDFu2MUBYwkHTMEzLYGqOe04noqeq1hExBTHBOBdkMXiuFhUq1BU6l-DqEiWxqg82sXt2h-LMnT3046AOYJoRioz75tSUQfGCshWTBnP5uDjd18kKhyv07lhfSJdrPdM5Plyl21hsFf4L_mHCuoFau7gdsPfHPxxjVOcOpBrQzwQ","p":"3Slxg_DwTXJcb6095RoXygQCAZ5RnAvZlno1yhHtnUex_fp7AZ_9nRaO7HX_-SFfGQeutao2TDjDAWU4Vupk8rw9JR0AzZ0N2fvuIAmr_WCsmGpeNqQnev1T7IyEsnh8UMt-n5CafhkikzhEsrmndH6LxOrvRJlsPp6Zv8bUq0k","q":"uKE2dh-cTf6ERF4k4e_jy78GfPYUIaUyoSSJuBzp3Cubk3OCqs6grT8bR_cu0Dm1MZwWmtdqDyI95HrUeq3MP15vMMON8lHTeZu2lmKvwqW7anV5UzhM1iZ7z4yMkuUwFWoBvyY898EXvRD-hdqRxHlSqAZ192zB3pVFJ0s7pFc","dp":"B8PVvXkvJrj2L-GYQ7v3y9r6Kw5g9SahXBwsWUzp19TVlgI-YV85q1NIb1rxQtD-IsXXR3-TanevuRPRt5OBOdiMGQp8pbt26gljYfKU_E9xn-RULHz0-ed9E9gXLKD4VGngpz-PfQ_q29pk5xWHoJp009Qf1HvChixRX59ehik","dq":"CLDmDGduhylc9o7r84rEUVn7pzQ6PF83Y-iBZx5NT-TpnOZKF1pErAMVeKzFEl41DlHHqqBLSM0W1sOFbwTxYWZDm6sI6og5iTbwQGIC3gnJKbi_7k_vJgGHwHxgPaX2PnvP-zyEkDERuf-ry4c_Z11Cq9AqC2yeL6kdKT1cYF8","qi":"3PiqvXQN0zwMeE-sBvZgi289XP9XCQF3VWqPzMKnIgQp7_Tugo6-NZBKCQsMf3HaEGBjTVJs_jcK8-TRXvaKe-7ZMaQj8VfBdYkssbu0NKDDhjJ-GtiseaDVWt7dcH0cfwxgFUHpQh7FoCrjFJ6h6ZEpMF6xmujs4qMpPz8aaI4"}'),
	('7520 3.5', '{"kty":"oct","kid":"018c0ae5-4d9b-471b-bfd6-eef314bc7037","use":"sig","alg":"HS256","k":"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"}'),
	('7520 3.6', '{"kty":"oct","kid":"1e571774-2e08-40da-8308-e8d68773842d","use":"enc","alg":"A256GCM","k":"AAPapAv4LbFbiVawEjagUBluYqN5rhna-8nuldDvOx8"}'),
	('8037 A.1', '{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'),
	('8037 A.2', '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'),
	('made RSA', '{"kty":"RSA","n":"qgZaKV-u7LRUIAHfdMfZvpWRbLkgS640A5PULT_qqnVQMfVJ-0Mn13uOcn2TFVASxTGeNIqUReJqx30zvrZWdDxSXvio70NiDXgRMcSrX5KmkkNta2XkNtVM6Az4NbpHi_jrP4_sebJZfGMPkWQTOk5nNQd6pcOYuTO0azSjnX7C-O_3g9cxDBOX-eenNWu80Qhn1suvHL9LiKVoSsbo5NHBtv4ZQSyb9Hsc0PNN5Bp-mWtyTnPHkgcCIsoewWRMucujOrUt7zb6yK3fKsAxIH07weLzwBD7r1CM9vsZD8-3qbYa3LrRIg7783ExKxZ94sGSBb41kKUDPunc_CQuhQ","e":"AQAB"}'),
	('made P-384', '{"kty":"EC","crv":"P-384","x":"qd3CGYdN_KucNKIRa1GORiF6Z2ljFKoC9yCxf-QFyeVp2vDCLJqH9xF2WktF4V4Q","y":"yPudK5__pB6INlpBuU_cZxp6kAgTx__nBbsgWlZHgn_uK9qBEASwa5dnlFHxCi_Q"}');

INSERT INTO rfc_jws (name, key, jws, payload) VALUES
	('7515 A.1', '7515 A.1', 'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', E'{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'),
	('7515 A.2', '7515 A.2', 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw', E'{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'),
	('7515 A.3', '7515 A.3', 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q', E'{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'),
	('7515 A.4', '7515 A.4', 'eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn', 'Payload'),
	('7515 A.6', '7515 A.2', '{"payload":"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ","signatures":[{"protected":"eyJhbGciOiJSUzI1NiJ9","header":{"kid":"2010-12-29"},"signature":"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},{"protected":"eyJhbGciOiJFUzI1NiJ9","header":{"kid":"e9bc097a-ce51-4036-9562-d2ade882db0d"},"signature":"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"}]}', E'{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'),
	('7515 A.6', '7515 A.3', '{"payload":"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ","signatures":[{"protected":"eyJhbGciOiJSUzI1NiJ9","header":{"kid":"2010-12-29"},"signature":"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},{"protected":"eyJhbGciOiJFUzI1NiJ9","header":{"kid":"e9bc097a-ce51-4036-9562-d2ade882db0d"},"signature":"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"}]}', E'{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'),
	('7515 A.6', '7515 A.6', '{"payload":"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ","signatures":[{"protected":"eyJhbGciOiJSUzI1NiJ9","header":{"kid":"2010-12-29"},"signature":"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},{"protected":"eyJhbGciOiJFUzI1NiJ9","header":{"kid":"e9bc097a-ce51-4036-9562-d2ade882db0d"},"signature":"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"}]}', E'{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'),
	('7515 A.7', '7515 A.3', '{"payload":"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ","protected":"eyJhbGciOiJFUzI1NiJ9","header":{"kid":"e9bc097a-ce51-4036-9562-d2ade882db0d"},"signature":"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"}', E'{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'),
	('7515 A.7', '7515 A.6', '{"payload":"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ","protected":"eyJhbGciOiJFUzI1NiJ9","header":{"kid":"e9bc097a-ce51-4036-9562-d2ade882db0d"},"signature":"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"}', E'{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'),
	('7515 A.1', '7517 A.3', 'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', E'{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'),
	('7519 3.1', '7515 A.1', 'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', E'{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'),
	('7520 4.1', '7520 3.3', 'eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('7520 4.1 general', '7520 3.3', '{"payload":"SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4","signatures":[{"protected":"eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9","signature":"MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg"}]}', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('7520 4.1 flattened', '7520 3.3', '{"payload":"SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4","protected":"eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9","signature":"MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg"}', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('7520 4.2', '7520 3.3', 'eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('7520 4.2 general', '7520 3.3', '{"payload":"SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4","signatures":[{"protected":"eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9","signature":"cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw"}]}', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('7520 4.2 flattened', '7520 3.3', '{"payload":"SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4","protected":"eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9","signature":"cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw"}', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('7520 4.3', '7520 3.1', 'eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('7520 4.3 general', '7520 3.1', '{"payload":"SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4","signatures":[{"protected":"eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9","signature":"AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2"}]}', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('7520 4.3 flattened', '7520 3.1', '{"payload":"SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4","protected":"eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9","signature":"AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2"}', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('7520 4.4', '7520 3.5', 'eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('7520 4.4 general', '7520 3.5', '{"payload":"SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4","signatures":[{"protected":"eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9","signature":"s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0"}]}', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('7520 4.4 flattened', '7520 3.5', '{"payload":"SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4","protected":"eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9","signature":"s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0"}', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('7520 4.1 private', '7520 3.4', 'eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('7520 4.3 private', '7520 3.2', 'eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('7520 4.5 content put back', '7520 3.5', 'eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('7520 4.6 general', '7520 3.5', '{"payload":"SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4","signatures":[{"protected":"eyJhbGciOiJIUzI1NiJ9","header":{"kid":"018c0ae5-4d9b-471b-bfd6-eef314bc7037"},"signature":"bWUSVaxorn7bEF1djytBd0kHv70Ly5pvbomzMWSOr20"}]}', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('7520 4.6 flattened', '7520 3.5', '{"payload":"SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4","protected":"eyJhbGciOiJIUzI1NiJ9","header":{"kid":"018c0ae5-4d9b-471b-bfd6-eef314bc7037"},"signature":"bWUSVaxorn7bEF1djytBd0kHv70Ly5pvbomzMWSOr20"}', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('7520 4.7 general', '7520 3.5', '{"payload":"SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4","signatures":[{"header":{"alg":"HS256","kid":"018c0ae5-4d9b-471b-bfd6-eef314bc7037"},"signature":"xuLifqLGiblpv9zBpuZczWhNj1gARaLV3UxvxhJxZuk"}]}', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('7520 4.7 flattened', '7520 3.5', '{"payload":"SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4","header":{"alg":"HS256","kid":"018c0ae5-4d9b-471b-bfd6-eef314bc7037"},"signature":"xuLifqLGiblpv9zBpuZczWhNj1gARaLV3UxvxhJxZuk"}', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('7520 4.8', '7520 3.3', '{"payload":"SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4","signatures":[{"protected":"eyJhbGciOiJSUzI1NiJ9","header":{"kid":"bilbo.baggins@hobbiton.example"},"signature":"MIsjqtVlOpa71KE-Mss8_Nq2YH4FGhiocsqrgi5NvyG53uoimic1tcMdSg-qptrzZc7CG6Svw2Y13TDIqHzTUrL_lR2ZFcryNFiHkSw129EghGpwkpxaTn_THJTCglNbADko1MZBCdwzJxwqZc-1RlpO2HibUYyXSwO97BSe0_evZKdjvvKSgsIqjytKSeAMbhMBdMma622_BG5t4sdbuCHtFjp9iJmkio47AIwqkZV1aIZsv33uPUqBBCXbYoQJwt7mxPftHmNlGoOSMxR_3thmXTCm4US-xiNOyhbm8afKK64jU6_TPtQHiJeQJxz9G3Tx-083B745_AfYOnlC9w"},{"header":{"alg":"ES512","kid":"bilbo.baggins@hobbiton.example"},"signature":"ARcVLnaJJaUWG8fG-8t5BREVAuTY8n8YHjwDO1muhcdCoFZFFjfISu0Cdkn9Ybdlmi54ho0x924DUz8sK7ZXkhc7AFM8ObLfTvNCrqcI3Jkl2U5IX3utNhODH6v7xgy1Qahsn0fyb4zSAkje8bAWz4vIfj5pCMYxxm4fgV3q7ZYhm5eD"},{"protected":"eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9","signature":"s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0"}]}', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('7520 4.8', '7520 3.1', '{"payload":"SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4","signatures":[{"protected":"eyJhbGciOiJSUzI1NiJ9","header":{"kid":"bilbo.baggins@hobbiton.example"},"signature":"MIsjqtVlOpa71KE-Mss8_Nq2YH4FGhiocsqrgi5NvyG53uoimic1tcMdSg-qptrzZc7CG6Svw2Y13TDIqHzTUrL_lR2ZFcryNFiHkSw129EghGpwkpxaTn_THJTCglNbADko1MZBCdwzJxwqZc-1RlpO2HibUYyXSwO97BSe0_evZKdjvvKSgsIqjytKSeAMbhMBdMma622_BG5t4sdbuCHtFjp9iJmkio47AIwqkZV1aIZsv33uPUqBBCXbYoQJwt7mxPftHmNlGoOSMxR_3thmXTCm4US-xiNOyhbm8afKK64jU6_TPtQHiJeQJxz9G3Tx-083B745_AfYOnlC9w"},{"header":{"alg":"ES512","kid":"bilbo.baggins@hobbiton.example"},"signature":"ARcVLnaJJaUWG8fG-8t5BREVAuTY8n8YHjwDO1muhcdCoFZFFjfISu0Cdkn9Ybdlmi54ho0x924DUz8sK7ZXkhc7AFM8ObLfTvNCrqcI3Jkl2U5IX3utNhODH6v7xgy1Qahsn0fyb4zSAkje8bAWz4vIfj5pCMYxxm4fgV3q7ZYhm5eD"},{"protected":"eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9","signature":"s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0"}]}', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('7520 4.8', '7520 3.5', '{"payload":"SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4","signatures":[{"protected":"eyJhbGciOiJSUzI1NiJ9","header":{"kid":"bilbo.baggins@hobbiton.example"},"signature":"MIsjqtVlOpa71KE-Mss8_Nq2YH4FGhiocsqrgi5NvyG53uoimic1tcMdSg-qptrzZc7CG6Svw2Y13TDIqHzTUrL_lR2ZFcryNFiHkSw129EghGpwkpxaTn_THJTCglNbADko1MZBCdwzJxwqZc-1RlpO2HibUYyXSwO97BSe0_evZKdjvvKSgsIqjytKSeAMbhMBdMma622_BG5t4sdbuCHtFjp9iJmkio47AIwqkZV1aIZsv33uPUqBBCXbYoQJwt7mxPftHmNlGoOSMxR_3thmXTCm4US-xiNOyhbm8afKK64jU6_TPtQHiJeQJxz9G3Tx-083B745_AfYOnlC9w"},{"header":{"alg":"ES512","kid":"bilbo.baggins@hobbiton.example"},"signature":"ARcVLnaJJaUWG8fG-8t5BREVAuTY8n8YHjwDO1muhcdCoFZFFjfISu0Cdkn9Ybdlmi54ho0x924DUz8sK7ZXkhc7AFM8ObLfTvNCrqcI3Jkl2U5IX3utNhODH6v7xgy1Qahsn0fyb4zSAkje8bAWz4vIfj5pCMYxxm4fgV3q7ZYhm5eD"},{"protected":"eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9","signature":"s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0"}]}', 'It’s a dangerous business, Frodo, going out your door. You step onto the road, and if you don''t keep your feet, there’s no knowing where you might be swept off to.'),
	('8037 A.4', '8037 A.1', 'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg', 'Example of Ed25519 signing'),
	('8037 A.5', '8037 A.2', 'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg', 'Example of Ed25519 signing'),
	('made RS256', 'made RSA', 'eyJhbGciOiJSUzI1NiJ9.eyJtYWRlIjoiZWxzZXdoZXJlIn0.QQhUSjwtVd04-FaxQ82rWA0l2W-PCH9m1dF_2PFhaBDyL_n-2xIg6dgVydYWtefLup5CCx3lOhz3pZ9qtPP9pgZ2QgeeftOYdXluSi3c2QvaMFJNBDY0Az5p2nyTRdyevcdlPhflqg9NrPJgtpZiWd3hv6PNDe-1aCMTh2TtUCnPx1rhT9snukH2okW78NC8hi4RFUAuqNUj8YEjH4pmyOawrTJh-BY2US6w527B7vC8LxfA1n15mPL3CSIgYzlqKPGQ4V1TipSxb-35tDRtWuO7lSlLHh1QiFlUrhS8B9fIwNAi89MFNWVuvwa04rrasjuAZU9bb2fnopA7JIgCSQ', '{"made":"elsewhere"}'),
	('made PS256', 'made RSA', 'eyJhbGciOiJQUzI1NiJ9.eyJtYWRlIjoiZWxzZXdoZXJlIn0.TZJOY4xRdN6Mj-juu-3MhyopcGf2AFddnsP3RP__MoH73YHFWvDH7-Y603tGpDeTv8oOrg16rIuWhBMO7bYeR43YXUV_ip65RPH0tUxPTtFkqNxS2Ri2xVIU_iceYSQ4XHx82hGxGYr5fimUrJCeJqlp6qzBgl1B6TiixJFgLzoIMBRFOcRPFx1lDUDw7lggt5fAUGbNW_u-nenqwmlx1CenzYVY1qnY906I87Sbk_UQllxYziHsIjaKvKRO6ddFkzXfHFbL9XK70cqXH-f087DS7LNVzE62YucDTpafiDYowUvI8UDVqyQSJyRHRT8YjfqXRVIobVmzuJbXUVSaGQ', '{"made":"elsewhere"}'),
	('made HS256', '7515 A.1', 'eyJhbGciOiJIUzI1NiJ9.eyJtYWRlIjoiZWxzZXdoZXJlIn0.kHOJTsJqE0ToHQRRQxojYcXXwl0p5WV9QLkzaALKi04', '{"made":"elsewhere"}'),
	('made RS384', 'made RSA', 'eyJhbGciOiJSUzM4NCJ9.eyJtYWRlIjoiZWxzZXdoZXJlIn0.KS8UkQT92Nqu-JWJqg5kB6U6dGtzmi-x65FKWPgweB6Z7NCRQfnlxmmCvYzYPJpJs3yYUd4JpqsONDRkj80nh9cybfPk8ihR0FO_iOHPcX92bODCOcqG_If6C36gqm2dUzTy_ghzIhowZAq8vJaVFCAxZe7DCn58sh9Xrv9zClJHbb3D_7IX98z2bVBveS1lN835OqhxKJBUWzCJUrsk-R8N1F5vE_H_nLBInwl2_tksGo3UPT5nmAfgZtoVu1mVza3mEiDl-G8s0kOeGEou650wSlwxUqFPcrsAWd-Rs7MfAtsYQuo_QyG5ImaCgbvQZXXHx2dz-GLJ-XAjL8U9xA', '{"made":"elsewhere"}'),
	('made PS384', 'made RSA', 'eyJhbGciOiJQUzM4NCJ9.eyJtYWRlIjoiZWxzZXdoZXJlIn0.AEBzFUA3xu_NBx2e3s9nkdEXWMEGTDoZmRT8uOFkgKQxkK1wg-_3oxa4MsMTFwQ71e-LliKtkwk2IdK8qD60GrelKXSz8gL9YmnxgnYo3vO6zZ5vGXzeGBTfDnZdXX341cxdpy9fj6Iofr6Xl5Wi3oJKZkEyCA7ICupAuYYfWa7uR_6vmF323I9FTukdm8BODSPxYWXhFXvO7f9NJtNkDHFSxBGHS80oAFP5w9P9xANzKBe_3QHWZuowM1J_PO8lGjpY_AztgxhugEQTEnL2493Id88j-_w62lcv_DJWR8VsOuwyIEq4HZZ6NjVUmjGYIH8ReGUX_CFcC2QGxyRtsA', '{"made":"elsewhere"}'),
	('made HS384', '7515 A.1', 'eyJhbGciOiJIUzM4NCJ9.eyJtYWRlIjoiZWxzZXdoZXJlIn0.yItIr28HDcsYpQMj520o1cGgxoK7BGzzsndGTtlOXa4bTUTBo5f6UZJuy7dhUjhU', '{"made":"elsewhere"}'),
	('made RS512', 'made RSA', 'eyJhbGciOiJSUzUxMiJ9.eyJtYWRlIjoiZWxzZXdoZXJlIn0.iNfW2AerIacwe7jr7oMGw5F2oojxFl-7KMt3bQu96gYZoa4kw0YvOvFzACJqyDPhstq8YHvy7Ks0Pf55zTWuOe195kZQOdKSI2iQqnD01gM_OAeXtl_UMPGvhgih6aO9EzCO34yTxGnPI0yFohWBLgmCCO8g-55QQMgDI5BS8ILUw1emZje6FWShRU6GdWDDknjwIcQzRA9Q02ejgW0Kf2r3fLQSgNcpblZcqRN_tQLHeAhdDKg7uQlOG6B3UXikbiTD7WNUhQJFN8ABAYGIcJA4Hu76rsmWQ41wjAiYVZvzNZe8KjJhGq-2uvD1MAKowwf5XUwoLcNg_UxqN8ffNg', '{"made":"elsewhere"}'),
	('made PS512', 'made RSA', 'eyJhbGciOiJQUzUxMiJ9.eyJtYWRlIjoiZWxzZXdoZXJlIn0.Cen8fywUEiNPp_6NU5E6L2Ei_8EIoIAtSL3J93vnI4xem_Kf0pxq_5wS2slxDZBKCOBkIavVIY3Iv6uueZRyROqvsmWuaDNzeN8d6em9rVDeQe-wptCktRfAwx34T4zkGXwiOruw0JqC8gqNSzrp8W1encW4JFP32oCW7sEd3rzsJmjyB6A9dCoeXa0wfYeYl40LmLomguj6ENDQkrMea47zoL5YsTA0ouHbqCqd3SQjqxBbXqeV95SXQCJAYTggnqNpHg33T2Jk7I4oMNZdxuwAf0JLOdHe4RrmYgCNvFZrWBdzVECGQcxTK8JLhd803NNDrJawkUc24sKNIO8iJQ', '{"made":"elsewhere"}'),
	('made HS512', '7515 A.1', 'eyJhbGciOiJIUzUxMiJ9.eyJtYWRlIjoiZWxzZXdoZXJlIn0.L81L_9YbqcdItkEDIK9Qshh5WFU1K8fKU_hUDM1b_UvOvKwhZDGTAkNL5vBJWfRO3HjKhgTe-vAt2D0JB7rjbg', '{"made":"elsewhere"}'),
	('made ES384', 'made P-384', 'eyJhbGciOiJFUzM4NCJ9.eyJtYWRlIjoiZWxzZXdoZXJlIn0.g8i-lQJwfXvR57FmmYA61dreFHnDePlo1hwhnqSFeSkEvRRJKXvgBz2tdha5s1PTauYmNw-isMVmOEp2CYcVdPQPYsesuIZydILDoc9wfJbppzz6OmMmBUknUeQfuaiz', '{"made":"elsewhere"}');

-- What verify_jws answers: the payload, or why not.
CREATE FUNCTION answer(jws text, key jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	word text;
	message text;
BEGIN
	RETURN convert_from(fastauth.verify_jws(jws, key), 'UTF8');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS word = PG_EXCEPTION_DETAIL, message = MESSAGE_TEXT;
	RETURN word || ': ' || message;
END $$;
CREATE FUNCTION key(name text) RETURNS jsonb LANGUAGE sql AS 'SELECT jwk FROM rfc_key k WHERE k.name = $1';
CREATE FUNCTION jws(name text) RETURNS text LANGUAGE sql AS 'SELECT jws FROM rfc_jws j WHERE j.name = $1 ORDER BY id LIMIT 1';
CREATE FUNCTION b64(data bytea) RETURNS text LANGUAGE sql AS
	$$SELECT translate(encode(data, 'base64'), E'+/=\n', '-_')$$;
CREATE FUNCTION unb64(data text) RETURNS bytea LANGUAGE sql AS
	$$SELECT decode(translate(data, '-_', '+/') || repeat('=', (4 - length(data) % 4) % 4), 'base64')$$;
-- A signature by the key of RFC 7515 A.1, so that nothing but what is meant is wrong.
CREATE FUNCTION mac(input text) RETURNS text LANGUAGE sql AS
	$$SELECT b64(hmac(convert_to(input, 'UTF8'), unb64(key('7515 A.1') ->> 'k'), 'sha256'))$$;
CREATE FUNCTION signed(header bytea, payload text = '{}') RETURNS text LANGUAGE sql AS
	$$SELECT i || '.' || mac(i) FROM (SELECT b64(header) || '.' || b64(convert_to(payload, 'UTF8'))) AS x (i)$$;
CREATE FUNCTION signed(header text, payload text = '{}') RETURNS text LANGUAGE sql AS
	'SELECT signed(convert_to(header, ''UTF8''), payload)';

-- Every example verifies, and answers what was signed.
SELECT name, key, answer(jws, key(key)) = payload AS verifies FROM rfc_jws ORDER BY id;

-- No example verifies with a key that is not its own, nor when a bit of header, payload or signature is changed.
SELECT count(*) > 500 AS tried, count(*) FILTER (WHERE answer(j.jws, k.jwk) = j.payload) AS verified
	FROM rfc_jws j CROSS JOIN rfc_key k
	WHERE NOT EXISTS (SELECT FROM rfc_jws o JOIN rfc_key ok ON ok.name = o.key
		WHERE o.jws = j.jws AND (ok.jwk = k.jwk OR k.jwk @> (ok.jwk - '{d,p,q,dp,dq,qi,kid,alg,use}'::text[])))
	AND NOT (k.name = '7517 A.3' AND (j.key = '7515 A.1')) AND NOT (k.name LIKE '7515 A.%' AND j.name LIKE '7515 A.%')
	AND NOT (k.name LIKE '7515 A.1' AND j.key = '7517 A.3');
SELECT count(*) > 60 AS tried, count(*) FILTER (WHERE answer(changed, key(key)) = payload) AS verified
	FROM rfc_jws CROSS JOIN generate_series(1, 3) part
	CROSS JOIN LATERAL (SELECT split_part(jws, '.', part)) AS p (old)
	CROSS JOIN LATERAL (SELECT overlay(old PLACING CASE substr(old, 11, 1) WHEN 'A' THEN 'B' ELSE 'A' END FROM 11 FOR 1)) AS n (new)
	CROSS JOIN LATERAL (SELECT array_to_string((string_to_array(jws, '.'))[:part - 1] || new || (string_to_array(jws, '.'))[part + 1:], '.')) AS c (changed)
	WHERE jws NOT LIKE '{%';

-- RFC 7515 A.5, RFC 7519 6.1: an unsecured JWS, in every spelling, and with a signature.
SELECT h, answer(b64(convert_to(h, 'UTF8')) || '.' || split_part(jws('7515 A.1'), '.', 2) || '.', key(k)) AS without,
	answer(signed(h), key('7515 A.1')) AS with
	FROM unnest(ARRAY['{"alg":"none"}', '{"alg":"None"}', '{"alg":"NONE"}', '{"alg":"nOnE"}', '{"alg":""}']) h, unnest(ARRAY['7515 A.1']) k;
SELECT answer('eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.', jwk) AS rfc7515_a5, count(*) > 10 AS keys
	FROM rfc_key WHERE name NOT IN ('7517 A.1', '7517 A.2', '7520 3.6') GROUP BY 1;
-- RFC 7515 E: a header that must be understood.
SELECT answer('eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxlLmNvbS9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.', key('7515 A.1')) AS rfc7515_e;
-- RFC 7520 4.5: detached content has to be put back first; without it nothing was signed.
SELECT answer('{"protected":"eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9","signature":"s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0"}', key('7520 3.5')) AS flattened,
	answer('eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9..s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0', key('7520 3.5')) AS compact;

-- What a header must not hold, each signed as it stands; the first is the control.
SELECT h AS header, answer(signed(h), key('7515 A.1')) FROM unnest(ARRAY[
	'{"alg":"HS256"}',
	'{"alg":"HS256","typ":"JWT","cty":"x","x5t":"x","other":[1,{"a":null}]}',
	'{"alg":"HS256","crit":["exp"],"exp":1}',
	'{"alg":"HS256","crit":[]}',
	'{"alg":"HS256","crit":["alg"]}',
	'{"alg":"HS256","crit":null}',
	'{"alg":"HS256","crit":["b64"],"b64":false}',
	'{"alg":"HS256","crit":["b64"],"b64":true}',
	'{"alg":"HS256","b64":true}',
	'{"alg":"HS256","b64":false}',
	'{"alg":"HS256","jku":"https://example.com/keys"}',
	'{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}',
	'{"alg":"HS256","x5u":"https://example.com/cert"}',
	'{"alg":"HS256","x5c":["AAAA"]}',
	'{"alg":"HS256","alg":"HS256"}',
	'{"alg":"none","alg":"HS256"}',
	'{"alg":"HS256","\u0061lg":"HS256"}',
	'{"alg":"HS256","a":{"b":1,"b":1}}',
	'{"typ":"JWT"}',
	'{}',
	'{"alg":null}',
	'{"alg":256}',
	'{"alg":["HS256"]}',
	'{"alg":"hs256"}',
	'{"alg":"HS256 "}',
	'{"alg":"HS384"}',
	'{"alg":"RS256"}',
	'{"alg":"ES256"}',
	'{"alg":"EdDSA"}',
	'{"alg":"HS256","kid":1}',
	'{"alg":"HS256","kid":null}',
	'{"alg":"HS256","typ":1}',
	'{"alg":"HS256","cty":{}}',
	'{"alg":"HS256","a":"\u0000"}',
	'{"alg":"HS256","a":"\ud800"}',
	'{"alg":"HS256","a":1e400}',
	'{"alg":"HS256","a":01}',
	'{"alg":"HS256","a":NaN}',
	'{"alg":"HS256",}',
	'{"alg":"HS256"}}',
	'{"alg":"HS256"} x',
	'{"alg":"HS256"',
	'{''alg'':''HS256''}',
	'{alg:"HS256"}',
	'["alg","HS256"]',
	'"HS256"',
	'null',
	'']) h;
-- Bytes that are no UTF-8, a NUL, a byte order mark, a number without end, too deep, too many members, too long.
SELECT i, answer(signed(h), key('7515 A.1')) FROM unnest(ARRAY[
	'\x7b22616c67223a224853323536222c2261223a22ff227d'::bytea,
	'\x7b22616c67223a224853323536222c2261223a22c080227d',
	'\x7b22616c67223a224853323536222c2261223a22eda080227d',
	'\x7b22616c67223a2248533235362200227d',
	'\x7b22616c67223a22485332353622007d',
	'\xefbbbf7b22616c67223a224853323536227d',
	convert_to('{"alg":"HS256","a":' || repeat('1', 65) || '}', 'UTF8'),
	convert_to('{"alg":"HS256","a":' || repeat('[', 32) || repeat(']', 32) || '}', 'UTF8'),
	convert_to('{"alg":"HS256","a":' || repeat('{"a":', 5000), 'UTF8'),
	convert_to(repeat('[', 6000), 'UTF8'),
	convert_to((SELECT json_object_agg('a' || i, 1)::text FROM generate_series(1, 1001) i), 'UTF8'),
	convert_to('{"alg":"HS256","a":"' || repeat('a', 9000) || '"}', 'UTF8')]) WITH ORDINALITY AS x (h, i);
SELECT answer(signed('{"alg":"HS256","a":' || repeat('[', 31) || repeat(']', 31) || '}'), key('7515 A.1')) AS just_deep_enough;

-- The compact form: parts, alphabet, padding, bits after the last byte.
SELECT what, answer(t, key('7515 A.1')) FROM
	(SELECT signed('{"alg":"HS256"}', '{"a":1}') AS good) g
	CROSS JOIN LATERAL (SELECT split_part(good, '.', 1), split_part(good, '.', 2), split_part(good, '.', 3)) AS p (h, p, s)
	CROSS JOIN LATERAL (VALUES
	(1, 'good', good),
	(2, 'empty', ''),
	(3, 'one part', h),
	(4, 'two parts', h || '.' || p),
	(5, 'dots', '..'),
	(6, 'four parts', good || '.' || s),
	(7, 'dot at the end', good || '.'),
	(8, 'dot at the beginning', '.' || good),
	(9, 'no header', '.' || p || '.' || s),
	(10, 'no signature', h || '.' || p || '.'),
	(11, 'no payload', h || '..' || s),
	(12, 'blank before', ' ' || good),
	(13, 'blank after', good || ' '),
	(14, 'line end after', good || E'\n'),
	(15, 'blank inside', h || '.' || p || '. ' || s),
	(16, 'padded signature', good || '='),
	(17, 'padded header', h || '=.' || p || '.' || mac(h || '=.' || p)),
	(18, 'padded payload', h || '.' || p || '=.' || mac(h || '.' || p || '=')),
	(19, 'payload with bits after the last byte', h || '.eyJhIjoxfR.' || mac(h || '.eyJhIjoxfR')),
	(20, 'payload of a length that cannot be', h || '.eyJhI.' || mac(h || '.eyJhI')),
	(21, 'payload in base64', h || '.+/+/.' || mac(h || '.+/+/')),
	(22, 'payload with a line end', h || E'.eyJh\nIjoxfQ.' || mac(h || E'.eyJh\nIjoxfQ')),
	(23, 'signature with bits after the last byte', left(good, -1) || translate(right(good, 1), 'AEIMQUYcgkosw048', 'BFJNRVZdhlptx159')),
	(24, 'signature one byte short', h || '.' || p || '.' || left(s, -2)),
	(25, 'signature twice', good || s),
	(26, 'signature truncated to 16 bytes', h || '.' || p || '.' || b64(substr(unb64(s), 1, 16))),
	(27, 'signature with a byte more', h || '.' || p || '.' || b64(unb64(s) || '\x00')),
	(28, 'signature of 2 KiB', h || '.' || p || '.' || repeat('AAAA', 700)),
	(29, 'five parts, as a JWE', h || '.' || p || '.' || s || '.' || p || '.' || s),
	(30, 'payload of a MiB', h || '.' || repeat('A', 1048576) || '.' || s)) AS x (n, what, t) ORDER BY n;
SELECT answer(signed('{"alg":"HS256"}', ''), key('7515 A.1')) = '' AS empty_payload,
	answer(signed('{"alg":"HS256"}', 'no json'), key('7515 A.1')) AS any_payload;

-- The JSON forms.
SELECT what, answer(t, key('7515 A.1')) FROM
	(SELECT signed('{"alg":"HS256"}', 'p') AS good) g
	CROSS JOIN LATERAL (SELECT split_part(good, '.', 1), split_part(good, '.', 2), split_part(good, '.', 3)) AS p (h, p, s)
	CROSS JOIN LATERAL (VALUES
	(1, 'flattened', format('{"payload":"%s","protected":"%s","signature":"%s"}', p, h, s)),
	(2, 'unknown member', format('{"payload":"%s","protected":"%s","signature":"%s","x":1}', p, h, s)),
	(3, 'general', format(' {"payload":"%s","signatures":[{"protected":"%s","signature":"%s"}]} ', p, h, s)),
	(4, 'second of two', format('{"payload":"%s","signatures":[{"protected":"%s","signature":"AAAA"},{"protected":"%s","signature":"%s"}]}', p, h, h, s)),
	(5, 'another algorithm beside', format('{"payload":"%s","signatures":[{"header":{"alg":"XX"},"signature":"AAAA"},{"protected":"%s","signature":"%s"}]}', p, h, s)),
	(6, 'only the header unprotected', format('{"payload":"%s","header":{"alg":"HS256"},"signature":"%s"}', p, mac('.' || p))),
	(7, 'no signature', format('{"payload":"%s","protected":"%s"}', p, h)),
	(8, 'no payload', format('{"protected":"%s","signature":"%s"}', h, s)),
	(9, 'no header at all', format('{"payload":"%s","signature":"%s"}', p, mac('.' || p))),
	(10, 'empty protected', format('{"payload":"%s","protected":"","header":{"alg":"HS256"},"signature":"%s"}', p, mac('.' || p))),
	(11, 'alg in both', format('{"payload":"%s","protected":"%s","header":{"alg":"HS256"},"signature":"%s"}', p, h, s)),
	(12, 'crit unprotected', format('{"payload":"%s","protected":"%s","header":{"crit":["x"],"x":1},"signature":"%s"}', p, h, s)),
	(13, 'jwk unprotected', format('{"payload":"%s","protected":"%s","header":{"jwk":{}},"signature":"%s"}', p, h, s)),
	(14, 'b64 unprotected', format('{"payload":"%s","protected":"%s","header":{"b64":false},"signature":"%s"}', p, h, s)),
	(15, 'header twice', format('{"payload":"%s","protected":"%s","header":{},"header":{},"signature":"%s"}', p, h, s)),
	(16, 'payload twice', format('{"payload":"AAAA","payload":"%s","protected":"%s","signature":"%s"}', p, h, s)),
	(17, 'signature twice', format('{"payload":"%s","protected":"%s","signature":"AAAA","signature":"%s"}', p, h, s)),
	(18, 'member twice in the header', format('{"payload":"%s","protected":"%s","header":{"a":1,"a":1},"signature":"%s"}', p, h, s)),
	(19, 'header no object', format('{"payload":"%s","protected":"%s","header":[],"signature":"%s"}', p, h, s)),
	(20, 'header null', format('{"payload":"%s","protected":"%s","header":null,"signature":"%s"}', p, h, s)),
	(21, 'protected no string', format('{"payload":"%s","protected":{"alg":"HS256"},"signature":"%s"}', p, s)),
	(22, 'payload no string', format('{"payload":{},"protected":"%s","signature":"%s"}', h, s)),
	(23, 'signature no string', format('{"payload":"%s","protected":"%s","signature":null}', p, h)),
	(24, 'both forms', format('{"payload":"%s","protected":"%s","signature":"%s","signatures":[{"protected":"%s","signature":"%s"}]}', p, h, s, h, s)),
	(25, 'signatures empty', format('{"payload":"%s","signatures":[]}', p)),
	(26, 'signatures no array', format('{"payload":"%s","signatures":{"protected":"%s","signature":"%s"}}', p, h, s)),
	(27, 'signatures of strings', format('{"payload":"%s","signatures":["%s"]}', p, s)),
	(28, 'one malformed beside', format('{"payload":"%s","signatures":[{"protected":"%s","signature":"%s"},{"protected":"%s"}]}', p, h, s, h)),
	(29, 'one refused header beside', format('{"payload":"%s","signatures":[{"protected":"%s","signature":"%s"},{"protected":"%s","header":{"crit":["x"]},"signature":"%s"}]}', p, h, s, h, s)),
	(30, '33 signatures', format('{"payload":"%s","signatures":[%s]}', p, (SELECT string_agg(format('{"protected":"%s","signature":"%s"}', h, s), ',') FROM generate_series(1, 33)))),
	(31, 'text after', format('{"payload":"%s","protected":"%s","signature":"%s"} x', p, h, s)),
	(32, 'cut off', format('{"payload":"%s","protected":"%s","signature":"%s"', p, h, s)),
	(33, 'payload not base64url', format('{"payload":"a","protected":"%s","signature":"%s"}', h, mac(h || '.a')))) AS x (n, what, t) ORDER BY n;

-- Signatures: DER instead of two numbers, PSS with no salt, with SHA-1 in MGF1, RSA v1.5 under the name of PSS.
SELECT what, answer(t, key(k)) FROM (VALUES
	('ECDSA in DER', 'made P-384', 'eyJhbGciOiJFUzM4NCJ9.eyJtYWRlIjoiZWxzZXdoZXJlIn0.MGUCMQCDyL6VAnB9e9HnsWaZgDrV2t4UecN4-WjWHCGepIV5KQS9FEkpe-AHPa12FrmzU9MCMGrmJjcPorDFZjhKdgmHFXT0D2LHrLiGcnSCw6HPcHyW6ac8-jpjJgVJJ1HkH7mosw'),
	('PSS, no salt', 'made RSA', 'eyJhbGciOiJQUzI1NiJ9.eyJtYWRlIjoiZWxzZXdoZXJlIn0.o_TeXopSBS-CaDMMoX6shkndYLapP9Z4iamNSm072HMxk2OVNcjMGvu_LQTIAhbji2aEKT8-QCmuAHfNc_kblDpn8Onq2Xd8VBEwqChbJgAnFfTGtKjm5TfaJv66JIL4O7n-XRY5V3OuSZqFqYLTuEOUWiRT2dL1-eXHsM-oXPIZRK_3LsfXtnXnipkwJc8cMps8CvD4OHVb1Cl5eR-w-O-H8-xiibGyu0bu7pLz4DQZcmSpWkpHQwcHVBdjhqWMTA14DfsS2hx0hE29qUdsvvF4Tai-wLXAEzVDy_co833cbo2jVWy8GqWDL2nSbRDfzhKMDr8Zx2f5vgNo2B21pQ'),
	('PSS, MGF1 with SHA-1', 'made RSA', 'eyJhbGciOiJQUzI1NiJ9.eyJtYWRlIjoiZWxzZXdoZXJlIn0.p2UOQgv8Kk40zWsaRFXnKrGIzS7lqNpmzHa2VXWivNBd5yIJirNwAlzXxuyFmwcSB0Md2LeBraDiNwhRxO3Q0f4x2njVVJwWduvJ-hFa9rTdsFhruC8stK60QyeBj5hCN6ZnvQflGjHmtsOiXN_SJ_WgRpCTwzkOdeqeIZ7CJI9nJgDdAdXE0t-xURN1m4UFLCfvX72798b5ckRdxSE3o__zM8A3OWf-y5oVF4IbnWi4ibRZluzIucr1102Y0YWqqcU3NC4oOvDh-G13erh8IORsfXknJGhsM9uEf7li8wdu8oH5PnTlboE6vegySHY-Z8YSAbwvSFkfL-aizwJemA'),
	('RSA v1.5 as PSS', 'made RSA', 'eyJhbGciOiJQUzI1NiJ9.eyJtYWRlIjoiZWxzZXdoZXJlIn0.bCYLOZzuwY9WtWdfvtWbwLHt9Dag9059n2CHa3iEtnEijeI-GQCY-1fgKvyL3gxXoE5LZe9eQrC090LJIek7y9itoJclB_GxPZQFMnut_Klw9_YN_9g76eVIaDVUVkXhtplm_1ryGWVO0gTX02wBm-GyrIhYp-bJ-aPUnFuivl6Lq_Nnc8oakMMpz5rcOGZbex3YmSB3RvVZp5ACdmMoXmqhtTgupzuFyRhaF7qhxHNcjSZTTpYNkG3GHoJzpXQezqRT8M6XxMySdwex863yQKYffBVpjjPXV-nBaa6m5nLSjriVELSSz-jfoOVtLZOJ8GmcFBXQNwd5elvyuBMR3w')) AS x (what, k, t);
SELECT n AS bytes, answer(split_part(jws('7515 A.3'), '.', 1) || '.' || split_part(jws('7515 A.3'), '.', 2) || '.' || b64(sig), key('7515 A.3'))
	FROM (SELECT unb64(split_part(jws('7515 A.3'), '.', 3))) AS s (good),
	LATERAL (VALUES (good || '\x00'::bytea), ('\x00'::bytea || good), (substr(good, 1, 63)), (substr(good, 1, 32)),
		(decode(repeat('00', 64), 'hex')), (substr(good, 1, 32) || decode(repeat('00', 32), 'hex')), (decode(repeat('ff', 64), 'hex')),
		('\x00'::bytea || substr(good, 1, 32) || '\x00'::bytea || substr(good, 33))) AS v (sig), LATERAL length(sig) n;

-- RFC 7518 3.1 and 3.2: an algorithm that is not the key's, and the classic one: the public key as an HMAC secret.
SELECT answer(signed('{"alg":"HS256"}'), key('7515 A.1') || '{"alg":"HS256"}') AS right_alg,
	answer(signed('{"alg":"HS256"}'), key('7515 A.1') || '{"alg":"HS512"}') AS other_alg,
	answer(signed('{"alg":"HS256"}'), key('7515 A.1') || '{"alg":"RS256"}') AS other_family,
	answer(signed('{"alg":"HS256"}'), key('7515 A.1') || '{"alg":"none"}') AS none,
	answer(jws('7515 A.2'), key('7515 A.2') || '{"alg":"RS256"}') LIKE '{"iss"%' AS rs256,
	answer(jws('7515 A.2'), key('7515 A.2') || '{"alg":"PS256"}') AS ps256;
SELECT answer(i || '.' || b64(hmac(i, s, 'sha256')), key('7515 A.2')) AS public_key_as_secret
	FROM (SELECT b64('{"alg":"HS256"}') || '.' || b64('{}'), convert_to(key('7515 A.2') ->> 'n', 'UTF8')) AS x (i, s);
SELECT bytes, alg, answer(i || '.' || b64(hmac(i::bytea, repeat('k', bytes)::bytea, 'sha' || right(alg, 3))),
		jsonb_build_object('kty', 'oct', 'k', b64(repeat('k', bytes)::bytea)))
	FROM (VALUES (16, 'HS256'), (31, 'HS256'), (32, 'HS256'), (47, 'HS384'), (48, 'HS384'), (63, 'HS512'), (64, 'HS512'), (1024, 'HS512'), (1025, 'HS512')) AS x (bytes, alg),
	LATERAL (SELECT b64(convert_to('{"alg":"' || alg || '"}', 'UTF8')) || '.' || b64('{}')) AS y (i);

-- Keys that are refused, whatever they signed.
SELECT what, answer(jws(j), k) FROM (VALUES
	(1, 'no kty', '7515 A.1', key('7515 A.1') - 'kty'),
	(2, 'kty of another', '7515 A.1', key('7515 A.1') || '{"kty":"RSA"}'),
	(3, 'unknown kty', '7515 A.1', key('7515 A.1') || '{"kty":"OCT"}'),
	(4, 'kty no string', '7515 A.1', key('7515 A.1') || '{"kty":1}'),
	(5, 'use enc', '7515 A.1', key('7515 A.1') || '{"use":"enc"}'),
	(6, 'use no string', '7515 A.1', key('7515 A.1') || '{"use":["sig"]}'),
	(7, 'key_ops without verify', '7515 A.1', key('7515 A.1') || '{"key_ops":["sign"]}'),
	(8, 'key_ops empty', '7515 A.1', key('7515 A.1') || '{"key_ops":[]}'),
	(9, 'key_ops no array', '7515 A.1', key('7515 A.1') || '{"key_ops":"verify"}'),
	(10, 'key_ops twice', '7515 A.1', key('7515 A.1') || '{"key_ops":["verify","verify"]}'),
	(11, 'key_ops of numbers', '7515 A.1', key('7515 A.1') || '{"key_ops":["verify",1]}'),
	(12, 'use sig, key_ops encrypt', '7515 A.1', key('7515 A.1') || '{"use":"sig","key_ops":["encrypt"]}'),
	(13, 'alg no string', '7515 A.1', key('7515 A.1') || '{"alg":null}'),
	(14, 'kid no string', '7515 A.1', key('7515 A.1') || '{"kid":1}'),
	(15, 'kid of 129 bytes', '7515 A.1', key('7515 A.1') || jsonb_build_object('kid', repeat('a', 129))),
	(16, 'no k', '7515 A.1', key('7515 A.1') - 'k'),
	(17, 'k empty', '7515 A.1', key('7515 A.1') || '{"k":""}'),
	(18, 'k no string', '7515 A.1', key('7515 A.1') || '{"k":1}'),
	(19, 'k padded', '7515 A.1', key('7515 A.1') || jsonb_build_object('k', (key('7515 A.1') ->> 'k') || '==')),
	(20, 'k in base64', '7515 A.1', key('7515 A.1') || jsonb_build_object('k', translate(key('7515 A.1') ->> 'k', '-_', '+/'))),
	(21, 'no n', '7515 A.2', key('7515 A.2') - 'n'),
	(22, 'no e', '7515 A.2', key('7515 A.2') - 'e'),
	(23, 'e 1', '7515 A.2', key('7515 A.2') || '{"e":"AQ"}'),
	(24, 'e even', '7515 A.2', key('7515 A.2') || '{"e":"AQAA"}'),
	(25, 'e with a zero before', '7515 A.2', key('7515 A.2') || '{"e":"AAEAAQ"}'),
	(26, 'e of 9 bytes', '7515 A.2', key('7515 A.2') || '{"e":"AQAAAAAAAAAB"}'),
	(27, 'n with a zero before', '7515 A.2', key('7515 A.2') || jsonb_build_object('n', b64('\x00'::bytea || unb64(key('7515 A.2') ->> 'n')))),
	(28, 'n even', '7515 A.2', key('7515 A.2') || jsonb_build_object('n', b64(substr(unb64(key('7515 A.2') ->> 'n'), 1, 255) || '\x02'::bytea))),
	(29, 'n of 2047 bits', '7515 A.2', key('7515 A.2') || jsonb_build_object('n', b64('\x7f'::bytea || substr(unb64(key('7515 A.2') ->> 'n'), 2)))),
	(30, 'n of 8200 bits', '7515 A.2', key('7515 A.2') || jsonb_build_object('n', b64(decode(repeat('ff', 1025), 'hex')))),
	(31, 'n of 64 KiB', '7515 A.2', key('7515 A.2') || jsonb_build_object('n', repeat('A', 65536))),
	(32, 'more than two primes', '7515 A.2', key('7515 A.2') || '{"oth":[]}'),
	(33, 'no crv', '7515 A.3', key('7515 A.3') - 'crv'),
	(34, 'crv of another', '7515 A.3', key('7515 A.3') || '{"crv":"P-384"}'),
	(35, 'crv unknown', '7515 A.3', key('7515 A.3') || '{"crv":"P-192"}'),
	(36, 'crv no string', '7515 A.3', key('7515 A.3') || '{"crv":256}'),
	(37, 'no x', '7515 A.3', key('7515 A.3') - 'x'),
	(38, 'no y', '7515 A.3', key('7515 A.3') - 'y'),
	(39, 'off the curve', '7515 A.3', key('7515 A.3') || '{"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4"}'),
	(40, 'x and y swapped', '7515 A.3', key('7515 A.3') || jsonb_build_object('x', key('7515 A.3') ->> 'y', 'y', key('7515 A.3') ->> 'x')),
	(41, 'point zero', '7515 A.3', key('7515 A.3') || jsonb_build_object('x', repeat('A', 43), 'y', repeat('A', 43))),
	(42, 'x one byte short', '7515 A.3', key('7515 A.3') || jsonb_build_object('x', b64(substr(unb64(key('7515 A.3') ->> 'x'), 2)))),
	(43, 'x with a zero before', '7515 A.3', key('7515 A.3') || jsonb_build_object('x', b64('\x00'::bytea || unb64(key('7515 A.3') ->> 'x')))),
	(44, 'x not below the prime', '7515 A.3', key('7515 A.3') || jsonb_build_object('x', b64(decode(repeat('ff', 32), 'hex')))),
	(45, 'Ed25519, no x', '8037 A.4', key('8037 A.2') - 'x'),
	(46, 'Ed25519, small order', '8037 A.4', key('8037 A.2') || '{"x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}'),
	(47, 'Ed25519, order one', '8037 A.4', key('8037 A.2') || '{"x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}'),
	(48, 'Ed25519, not canonical', '8037 A.4', key('8037 A.2') || jsonb_build_object('x', b64(decode('ee' || repeat('ff', 30) || '7f', 'hex')))),
	(49, 'Ed25519, 31 bytes', '8037 A.4', key('8037 A.2') || '{"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUQ"}'),
	(50, 'Ed448', '8037 A.4', key('8037 A.2') || '{"crv":"Ed448"}'),
	(51, 'X25519 (8037 A.6)', '8037 A.4', '{"kty":"OKP","crv":"X25519","kid":"Bob","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"}'),
	(52, 'an array', '7515 A.1', '[]'),
	(53, 'a string', '7515 A.1', '"AyM1"'),
	(54, 'null', '7515 A.1', 'null'),
	(55, 'empty', '7515 A.1', '{}')) AS x (n, what, j, k) ORDER BY n;
SELECT 'RSA of 1024 bits' AS what, answer('eyJhbGciOiJSUzI1NiJ9.eyJtYWRlIjoiZWxzZXdoZXJlIn0.WYG6iH1HJEisEUoZFjc_PODD9okqB1935Qdj7afAW0mFHJPIP2pisEKh4FVlFzwHw-b8wPZkj2aNKBZWALBHi-2TOdbeYUNhuJ4UiWrgYlSXRfkSNS01rvlkhu3BZPi2dsPUGw55mW3oYF17vR8RwPrmsyopbcy7Of-v2b5PQts', '{"kty":"RSA","n":"3tZKnLR8kyAm1mLpNt2z-vB5DR6940ryD4K3wD0F0dcABNwIA33D4wYfD-XjAlZjhbaxrUeEiNdm_LPETRDrhgpyM7JlZxakDFN3PsGTrNb--m4dFa4xArw_QhKMQIJVoDZX2L0tBGuyBDMQmRtX02EA5RFW7XfghLCU_jLSa08","e":"AQAB"}')
UNION ALL SELECT 'e 3', answer('eyJhbGciOiJSUzI1NiJ9.eyJtYWRlIjoiZWxzZXdoZXJlIn0.YpAXzGB15OykALcaVpgpLUTW4UmCzog_luNThuoJuFOdYPR01VgkrlBUPp4Yt-a8D7UUTohWpEyKG1CNZWYumojNHrLF4O3WJM_5266vmx7QYuYywlDW52MoPsf10v-fo12sabcvj-qo0x-GQbXYEmIFTaBUAoJ6OkOT59SeTWO5gR1qjOKlVwGjd30G57aKh1xk0bCR3NfEvCkH447-ZvJKL84lSm5WboD8ZUF1ksuzYKyJR2tx4hIAdQuIg8pEDasUTLJJQiO14xl8qowrvG9RY95FUavctc1DlzIIl-DAtrdlT1Dob3ZPV2tLMv2vGpJVRqiSFBSvPHIdXHPtkQ', '{"kty":"RSA","n":"o4a07T9S26MBeV4zDG9BF5Hr84u1l2UMI5-gQ8Xmx9RFEXE_TbYA9OpVHv1-gE1XG-nbgisRESih4W-wFS3YQmwP35KXjnnGoy-KYG1-XMMXLhDZXUQoe3D7n39KSOE4kzNq8MXr3KcBuZv8JBlaCsJaljXh9275iGHjm5AXP1zTBDrKzTsvKE3FWI-lnrpd6JZLkIIEUxeehXpIdwWCJ6DztQC0zfhoJ-Ur6-tctB8r_qIpx4_yGNuFXfn02dXSeaChY4OnEjvhxc9_GKo0LzkRZLy-4AkMONTrW4Ic2iCHSG7I03jcsm3kyNZvky-oqzciIAhD_3sn3HP0C6soyQ","e":"Aw"}')
UNION ALL SELECT 'secp256k1', answer('eyJhbGciOiJFUzI1NiJ9.eyJtYWRlIjoiZWxzZXdoZXJlIn0.gm5FzGMLtiPwPETPG6Tj0nOUrg3TiN0Kv2z3Ls7bMHRkkU5Cs10BtxNSMhG7fYLvz1gEZZPXaFNn5FK_G5U1Ug', '{"kty":"EC","crv":"secp256k1","x":"VD2FoAWLAZ4m46Q9whywd93ierJDF0iRphb58Q7XejA","y":"PwSL-zFASlz7QsONXpRKfmalTeQIIVzo5UdASOo3F30"}')
UNION ALL SELECT '7517 A.1 first, use enc', answer(jws('7515 A.3'), key('7517 A.1') -> 'keys' -> 0)
UNION ALL SELECT '7517 A.2 first, use enc', answer(jws('7515 A.3'), key('7517 A.2') -> 'keys' -> 0)
UNION ALL SELECT '7517 A.3 first, A128KW', answer(jws('7515 A.1'), key('7517 A.3') -> 'keys' -> 0)
UNION ALL SELECT '7520 3.6, use enc', answer(jws('7515 A.1'), key('7520 3.6'));
-- Good keys, with another's signature: RFC 7517 A.1, A.2 and the one of B with a certificate.
SELECT answer(jws('7515 A.2'), key('7517 A.1') -> 'keys' -> 1) AS rfc7517_a1, answer(jws('7515 A.2'), key('7517 A.2') -> 'keys' -> 1) AS rfc7517_a2,
	answer(jws('7515 A.2'), '{"kty":"RSA","use":"sig","kid":"1b94c","n":"vrjOfz9Ccdgx5nQudyhdoR17V-IubWMeOZCwX_jj0hgAsz2J_pqYW08PLbK_PdiVGKPrqzmDIsLI7sA25VEnHU1uCLNwBuUiCO11_-7dYbsr4iJmG0Qu2j8DsVyT1azpJC_NG84Ty5KKthuCaPod7iI7w0LK9orSMhBEwwZDCxTWq4aYWAchc8t-emd9qOvWtVMDC2BXksRngh6X5bUYLy6AyHKvj-nUy1wgzjYQDwHMTplCoLtU-o-8SNnZ1tmRoGE9uJkBLdh5gFENabWnU5m1ZqZPdwS-qo-meMvVfJb6jJVWRpl2SUtCnYG2C32qvbWbjZ_jBPD5eunqsIo1vQ","e":"AQAB","x5c":["MIIDQjCCAiqgAwIBAgIGATz/FuLiMA0GCSqGSIb3DQEBBQUAMGIxCzAJBgNVBAYTAlVTMQswCQYDVQQIEwJDTzEPMA0GA1UEBxMGRGVudmVyMRwwGgYDVQQKExNQaW5nIElkZW50aXR5IENvcnAuMRcwFQYDVQQDEw5CcmlhbiBDYW1wYmVsbDAeFw0xMzAyMjEyMzI5MTVaFw0xODA4MTQyMjI5MTVaMGIxCzAJBgNVBAYTAlVTMQswCQYDVQQIEwJDTzEPMA0GA1UEBxMGRGVudmVyMRwwGgYDVQQKExNQaW5nIElkZW50aXR5IENvcnAuMRcwFQYDVQQDEw5CcmlhbiBDYW1wYmVsbDCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAL64zn8/QnHYMeZ0LncoXaEde1fiLm1jHjmQsF/449IYALM9if6amFtPDy2yvz3YlRij66s5gyLCyO7ANuVRJx1NbgizcAblIgjtdf/u3WG7K+IiZhtELto/A7Fck9Ws6SQvzRvOE8uSirYbgmj6He4iO8NCyvaK0jIQRMMGQwsU1quGmFgHIXPLfnpnfajr1rVTAwtgV5LEZ4Iel+W1GC8ugMhyr4/p1MtcIM42EA8BzE6ZQqC7VPqPvEjZ2dbZkaBhPbiZAS3YeYBRDWm1p1OZtWamT3cEvqqPpnjL1XyW+oyVVkaZdklLQp2Btgt9qr21m42f4wTw+Xrp6rCKNb0CAwEAATANBgkqhkiG9w0BAQUFAAOCAQEAh8zGlfSlcI0o3rYDPBB07aXNswb4ECNIKG0CETTUxmXl9KUL+9gGlqCz5iWLOgWsnrcKcY0vXPG9J1r9AqBNTqNgHq2G03X09266X5CpOe1zFo+Owb1zxtp3PehFdfQJ610CDLEaS9V9Rqp17hCyybEpOGVwe8fnk+fbEL2Bo3UPGrpsHzUoaGpDftmWssZkhpBJKVMJyf/RuP2SmmaIzmnw9JiSlYhzo4tpzd5rFXhjRbg4zW9C+2qok+2+qDM1iJ684gPHMIY8aLWrdgQTxkumGmTqgawR+N5MDtdPTEQ0XfIBc2cJEUyMTY5MPvACWpkA6SdS4xSvdXK3IVfOWA=="]}') AS rfc7517_b;

-- Sets: by kid when the header has one, else those that fit; what cannot be used is passed over.
CREATE FUNCTION keyset(VARIADIC keys jsonb[]) RETURNS jsonb LANGUAGE sql AS $$SELECT jsonb_build_object('keys', to_jsonb(keys))$$;
SELECT what, answer(t, k) FROM
	(SELECT key('7515 A.1'), signed('{"alg":"HS256"}', 'no kid'), signed('{"alg":"HS256","kid":"a"}', 'kid a')) AS x (good, plain, named)
	CROSS JOIN LATERAL (VALUES
	(1, 'no kid, among others', plain, keyset(key('7515 A.2'), key('7520 3.5'), good, key('7515 A.3'))),
	(2, 'no kid, keys have', plain, keyset(good || '{"kid":"b"}')),
	(3, 'kid found', named, keyset(key('7520 3.5') || '{"kid":"a"}', good || '{"kid":"a"}')),
	(4, 'kid of another', named, keyset(good || '{"kid":"b"}')),
	(5, 'kid of none', named, keyset(good)),
	(6, 'kid is compared exactly', named, keyset(good || '{"kid":"A"}', good || '{"kid":"a "}', good || '{"kid":""}')),
	(7, 'one key by itself needs no kid', named, good || '{"kid":"b"}'),
	(8, 'malformed keys beside', plain, keyset('{}', '{"kty":"EC"}', '{"kty":"new"}', good || '{"use":"enc"}', good)),
	(9, 'not for signatures', plain, keyset(good || '{"use":"enc"}')),
	(10, 'empty set', plain, '{"keys":[]}'),
	(11, 'keys no array', plain, jsonb_build_object('keys', good)),
	(12, 'keys of strings', plain, '{"keys":["a"]}'),
	(13, 'keys null', plain, '{"keys":null}'),
	(14, '32 keys', plain, (SELECT jsonb_build_object('keys', jsonb_agg(CASE i WHEN 32 THEN good ELSE key('7520 3.5') END)) FROM generate_series(1, 32) i)),
	(15, '33 keys', plain, (SELECT jsonb_build_object('keys', jsonb_agg(CASE WHEN i > 0 THEN good END)) FROM generate_series(1, 33) i))) AS y (n, what, t, k) ORDER BY n;
-- At most 64 attempts: 32 keys that fit, two of three signatures are looked at.
SELECT answer(format('{"payload":"%s","signatures":[{"protected":"%s","signature":"AAAA"},{"protected":"%s","signature":"AAAA"},{"protected":"%s","signature":"%s"}]}', p, h, h, h, s),
	(SELECT jsonb_build_object('keys', jsonb_agg(CASE i WHEN n THEN key('7515 A.1') ELSE key('7520 3.5') - 'alg' - 'kid' END)) FROM generate_series(1, 32) i))
	FROM (SELECT signed('{"alg":"HS256"}', 'found')) AS g (good)
	CROSS JOIN LATERAL (SELECT split_part(good, '.', 1), split_part(good, '.', 2), split_part(good, '.', 3)) AS p (h, p, s)
	CROSS JOIN (VALUES (1), (21), (22), (32)) AS n (n) ORDER BY n;

-- Arguments.
SELECT answer(NULL, '{}'), answer('a', NULL);
SELECT answer(repeat('a', 1048577), key('7515 A.1')), answer(repeat('a.', 524288), key('7515 A.1')), answer(repeat('[', 1048576), key('7515 A.1')), answer('{' || repeat('[', 1048575), key('7515 A.1'));
SELECT answer(jws('7515 A.1'), jsonb_build_object('a', repeat('x', 300000)) || key('7515 A.1'));
SELECT answer(jws('7515 A.1'), ('{"a":' || repeat('[', 40) || repeat(']', 40) || '}')::jsonb || key('7515 A.1'));

-- It is the server's, and nobody has it who was not given it.
SELECT jws('7515 A.3') AS jws, key('7515 A.3') AS key \gset
SET ROLE regress_server;
SELECT convert_from(fastauth.verify_jws(:'jws', :'key'), 'UTF8') LIKE '{"iss"%' AS verified;
SET ROLE regress_authenticated;
\set VERBOSITY sqlstate
SELECT fastauth.verify_jws('a', '{}');
SET ROLE regress_anon;
SELECT fastauth.verify_jws('a', '{}');
\set VERBOSITY default
RESET ROLE;

SET client_min_messages = warning;
DROP SCHEMA regress_jws CASCADE;
