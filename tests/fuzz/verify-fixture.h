/* Made once by certs/make-pki and certs/sign-firmware (over the 8 bytes "firmware"), so that a
 * fuzzer's finding can be run again; the keys were thrown away. */
#pragma once

/* clang-format off */
static const char fixture_root[] =
        "-----BEGIN CERTIFICATE-----\n"
        "MIIByDCCAW6gAwIBAgIUUixDyz31+Fu49M1RzGHs+9rjSlQwCgYIKoZIzj0EAwIw\n"
        "QjEkMCIGA1UECgwbcmF1Yy1vY3BwLWFnZW50IGRldmVsb3BtZW50MRowGAYDVQQD\n"
        "DBFNYW51ZmFjdHVyZXIgUm9vdDAeFw0yNjExMjQwNTAwNTZaFw00NjExMTkwNTAw\n"
        "NTZaMEIxJDAiBgNVBAoMG3JhdWMtb2NwcC1hZ2VudCBkZXZlbG9wbWVudDEaMBgG\n"
        "A1UEAwwRTWFudWZhY3R1cmVyIFJvb3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n"
        "AAQ5BXZUwpwJ//jjFcL+urgqur8IhYwWoYWAEBrlytSFXy6BfZB5xHJ1pdlnXKTM\n"
        "Q//JokjKtT8z1CkAyn6P8XTUo0IwQDAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQW\n"
        "BBS28Ncz2Y8OgzyNWIRJC7YIMNTGZTAOBgNVHQ8BAf8EBAMCAQYwCgYIKoZIzj0E\n"
        "AwIDSAAwRQIhAIyCdDyaDhRov8Qswb4f60oTe51BTEZ3J+nRtjp7IdV+AiB2IU44\n"
        "RSKqXmIgDKPNeXPGOsKQCX+ipS0tKwNaGUy/ZA==\n"
        "-----END CERTIFICATE-----\n";

static const char fixture_rsa[] =
        "-----BEGIN CERTIFICATE-----\n"
        "MIICxzCCAmygAwIBAgIUKFq+B0XIyQ0O/7comfj6Cnc+6NkwCgYIKoZIzj0EAwIw\n"
        "QjEkMCIGA1UECgwbcmF1Yy1vY3BwLWFnZW50IGRldmVsb3BtZW50MRowGAYDVQQD\n"
        "DBFNYW51ZmFjdHVyZXIgUm9vdDAeFw0yNjExMjQwNTAwNTdaFw00NjExMTkwNTAw\n"
        "NTdaMEIxJDAiBgNVBAoMG3JhdWMtb2NwcC1hZ2VudCBkZXZlbG9wbWVudDEaMBgG\n"
        "A1UEAwwRRmlybXdhcmUgcnNhLTIwNDgwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAw\n"
        "ggEKAoIBAQC1lKATtCSVsNgFAByWWzCRpaGuCGXZ5VY+sML7tEBY1OQc3HV58LlZ\n"
        "XzzoNrkEWBsjVOZxBYIRV7b3oGONXZi9/D7Z7r30RLGPQPGe03YkN7gJAbOT1GPA\n"
        "bO+K1s1WnCbTPyEbV9q5SHCk5956ysTAktKLs/uyVBm2bnf9+cNjKqlGtmPhCllU\n"
        "clNRcny9xG+3iVUdRgM0CEhYxZlGVR3Z8fiawxz1wA0EYK7B5clgSHiIMHRpt5ZV\n"
        "aqAn9ZwR+Y6mNTnWajH1zPqZM91P94c0uhi1+ivn6g51FHlWn4a6x9kx7xkKEB76\n"
        "NuYjBUUqCEr+SRhVX/4mLjE9XcdpXfhzAgMBAAGjdTBzMAwGA1UdEwEB/wQCMAAw\n"
        "HQYDVR0OBBYEFOQcxU7LAAk9j2pfOZAhxvltQXFpMB8GA1UdIwQYMBaAFLbw1zPZ\n"
        "jw6DPI1YhEkLtggw1MZlMA4GA1UdDwEB/wQEAwIHgDATBgNVHSUEDDAKBggrBgEF\n"
        "BQcDAzAKBggqhkjOPQQDAgNJADBGAiEA9KDTWt/y6WNN3AQ9KCqvY9wNbqmycZVO\n"
        "eVkSGw034/8CIQCYpHgb7dyeTb20Ikh9Ue7+b1DRMk6X0YtQ/ShjwJoRzw==\n"
        "-----END CERTIFICATE-----\n";

static const char fixture_pss[] =
        "-----BEGIN CERTIFICATE-----\n"
        "MIIC/DCCAqKgAwIBAgIUUpqRZ5dk9AcTwwf/ewbP2tlq7PMwCgYIKoZIzj0EAwIw\n"
        "QjEkMCIGA1UECgwbcmF1Yy1vY3BwLWFnZW50IGRldmVsb3BtZW50MRowGAYDVQQD\n"
        "DBFNYW51ZmFjdHVyZXIgUm9vdDAeFw0yNjExMjQwNTAwNThaFw00NjExMTkwNTAw\n"
        "NThaMEQxJDAiBgNVBAoMG3JhdWMtb2NwcC1hZ2VudCBkZXZlbG9wbWVudDEcMBoG\n"
        "A1UEAwwTRmlybXdhcmUgcHNzLXNoYTI1NjCCAVYwQQYJKoZIhvcNAQEKMDSgDzAN\n"
        "BglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEFAKIDAgEg\n"
        "A4IBDwAwggEKAoIBAQDHy0zPT0K6aWM9tXjAIjn1UaGFXzkGGvz978PFqSiAXfZH\n"
        "C2DdBu9yfmv50ebwCNeWUybI8iO4NWBHoRGHR2d76oH88qr3simWL33yVyxKn4G0\n"
        "h8EGWceJbC9oVXI8Rc//gZjSMmL/44QEJ28Alp7Ro9rs2Wg6+kedYlbA6rIc2nhp\n"
        "7K4ILcibGePp2v3aAds7ltPb/011ar2BcrQ1s7/4CljT00xLSuF2LfXtXxEz5DB0\n"
        "fL0kar3Unkn/PgESxLoNxuSvGYiCpxJLjNyBkWnj2F+xaVL7ZRqFWznatfpiGD1m\n"
        "8Me2VNCQ9QU2Yj+hZEf5NYysE7AGN5SbNI24hXwPAgMBAAGjdTBzMAwGA1UdEwEB\n"
        "/wQCMAAwHQYDVR0OBBYEFC1BGOqDqr3Vmb4hazIW1N9xhcPuMB8GA1UdIwQYMBaA\n"
        "FLbw1zPZjw6DPI1YhEkLtggw1MZlMA4GA1UdDwEB/wQEAwIHgDATBgNVHSUEDDAK\n"
        "BggrBgEFBQcDAzAKBggqhkjOPQQDAgNIADBFAiBz3NnRDi41jMShS25oda/05MN+\n"
        "qmXyXTtXQfZD6uDEtgIhAJPhXaB/9ConxM1CcyX732z7h8YklLukxMF93QiXqXOI\n"
        "-----END CERTIFICATE-----\n";

static const char fixture_ec[] =
        "-----BEGIN CERTIFICATE-----\n"
        "MIICFTCCAbugAwIBAgIUEcEAK+HiLOF8E8hPG2i0ZF+5dAcwCgYIKoZIzj0EAwIw\n"
        "QjEkMCIGA1UECgwbcmF1Yy1vY3BwLWFnZW50IGRldmVsb3BtZW50MRowGAYDVQQD\n"
        "DBFNYW51ZmFjdHVyZXIgUm9vdDAeFw0yNjExMjQwNTAwNThaFw00NjExMTkwNTAw\n"
        "NThaMD8xJDAiBgNVBAoMG3JhdWMtb2NwcC1hZ2VudCBkZXZlbG9wbWVudDEXMBUG\n"
        "A1UEAwwORmlybXdhcmUgUC0zODQwdjAQBgcqhkjOPQIBBgUrgQQAIgNiAARQsG1z\n"
        "rwaq09fZRo52yQfTEo6b7xBgGNwHz0GBzeAupjxae2R2h7NimcQp8LCMBxbKqZC+\n"
        "oCgPr4CMyPg9ea6FCFMj12mVXdv9ka409dzFwS8rNfopaw1s41JfOf9FgbKjdTBz\n"
        "MAwGA1UdEwEB/wQCMAAwHQYDVR0OBBYEFPOvwkY86y/Qcalww6DsyV9skOQgMB8G\n"
        "A1UdIwQYMBaAFLbw1zPZjw6DPI1YhEkLtggw1MZlMA4GA1UdDwEB/wQEAwIHgDAT\n"
        "BgNVHSUEDDAKBggrBgEFBQcDAzAKBggqhkjOPQQDAgNIADBFAiAml4nus0sp0kqg\n"
        "zdKIjVYzO2QgDcf4ZfFQc3Tr5YyQVAIhAJaKLf3D8cs4TWUcYzzc3XGQhB9JK/wS\n"
        "qp8/e/vX36NF\n"
        "-----END CERTIFICATE-----\n";

static const char fixture_crl[] =
        "-----BEGIN X509 CRL-----\n"
        "MIIBGDCBvwIBATAKBggqhkjOPQQDAjBCMSQwIgYDVQQKDBtyYXVjLW9jcHAtYWdl\n"
        "bnQgZGV2ZWxvcG1lbnQxGjAYBgNVBAMMEU1hbnVmYWN0dXJlciBSb290Fw0yNjEx\n"
        "MjQwNTAwNThaFw00NjExMTkwNTAwNThaMCcwJQIUAYltNM3M3piuKmkNdWFBnX97\n"
        "A40XDTI2MTEyNDA1MDA1OFqgIzAhMB8GA1UdIwQYMBaAFLbw1zPZjw6DPI1YhEkL\n"
        "tggw1MZlMAoGCCqGSM49BAMCA0gAMEUCIQDCDRuOUpV746d+zWR03kLuWRRtRrsq\n"
        "5yxjOBmy2ZJK1AIgFNJF29CTU9WqajFAe/eNhGDvX56+FDHHBNPBQnHInL0=\n"
        "-----END X509 CRL-----\n";

static const char fixture_rsa_pss_signature[] =
        "jRYcB20zHolwmwQWvDiKuQvdxmBf+/mbO9NoHCMSh6xQbwZignmSaetRz5cklOQ0"
        "NaqcVEUV48Fl5WSN312jcyoC5b3lHDWmNF0dTLs2P/NfRaIq0V0EgadCgWrKh9sN"
        "JSPR1CkLVRllWoGo5uMIk75jb6ExHO7tszkYEbGkf5fjDt5GKIDaSEutuTfEkWJj"
        "mgtemvTOoRSee/LcmjrMAqIl5dxD5e1UO/dldE/U6kyRbItWfIFhQiRNI8Zzz94t"
        "bgT5TdmRsR5eAr7tl33+N7GU5QTk65rxWPASpowYjH/xIle43nhMP+kVOYJ99m+Z"
        "VAnJSm4p8/oCygJNHdAOcg==";

static const char fixture_rsa_pkcs1_signature[] =
        "VfBusQY5qhMdGNidOljqOouSL5p/TRrrn7sBkxytUo2eJ6Z5Hr3zO28XEoZRPhwM"
        "/GMCvo6Lo0hbSHyMwTcv/Tc1A8qdJqPCMRMBvVVjWOpcYVf3KiJM8QY+HDdS4CnD"
        "nTr79x8z2bFo4jFhdwYrJ+WWopreC8PW2ObEXnKa1xSL57QqQP6IE5Nrug++9bk7"
        "CVRFezeD5I5aScExbK7DSegKQrrYPKF9Gc7ODvYzhYaD1rDcvEcVzdbUp1bXlO3i"
        "JzPqeYI1lNkUDV6Hhe00rMT3c+OWj8/N43yGAxC4peEZ2KzFDMlVvc5stCU7m+eC"
        "TY51/ECKV9Oaytu9mgcNrA==";

static const char fixture_pss_signature[] =
        "Q6LQBYrFCFzU6nciFgL/U0qJX5tEVYGK3447Aepete4nKTSRnOtkMOtbWQsUqEli"
        "Dtxm6fPbsqRKN2NXx1IbvWQsALn88CXcqROIaezWREFD54u6WIemkmxgAlXfx+XX"
        "G+n/Qu8DlWBFG0Uw6iatijc9wOPE05pBhkU3WSA04xyihq1P6yOfRBQa4hpoO4Vm"
        "KojNVSBgekKL3jQhmS0mb8ZDuXBsOQnt7g6mGCPcA6mbsPiauafqy+c+ZLjTMy0Z"
        "OwloZPEdI0uLc7iKPc4TETALN+xVAV8xXPxkVyZp687TQbeKklewrgIfL9Zv04TT"
        "g0S4fYXdO34QyH8nNSaKmQ==";

static const char fixture_ec_sha256_signature[] =
        "MGUCMQD5NsEbJuxUbCwbr7sQV+CzlgtvcRFEN+HoXGu58fy8QjtmV9TvV/2BPJSP"
        "AqZ9dp8CMC6+wG4k80qM3zEpBw93G6iNvXeoVurW0/brfXX3gJgTMuqrmnCa73W5"
        "ddawNxzrJw==";

static const char fixture_ec_sha384_signature[] =
        "MGQCMG5MSuSlpnZsXZT+iKs+CAqaPPQvDXOAvVLC8mFhoxhqh88N5IB5kkoHp1yh"
        "Wd3XHgIwWGuryY1QPCKLrPIK/UcbkZYDO3AAtWQBs3o+sgPoPIWgQ8kjNSDydKKQ"
        "oIFitC1p";
/* clang-format on */
