// Registers an account and obtains a certificate with golang.org/x/crypto/acme, for the names in the
// arguments. The chain goes to chain.pem.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log"
	"os"
	"path/filepath"

	"golang.org/x/crypto/acme"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, names []string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	client := &acme.Client{Key: key, DirectoryURL: os.Getenv("DIRECTORY")}
	account := &acme.Account{Contact: []string{"mailto:admin@example.org"}}
	if _, err := client.Register(ctx, account, acme.AcceptTOS); err != nil {
		return err
	}
	order, err := client.AuthorizeOrder(ctx, acme.DomainIDs(names...))
	if err != nil {
		return err
	}
	for _, url := range order.AuthzURLs {
		if err := authorize(ctx, client, url); err != nil {
			return err
		}
	}
	if order, err = client.WaitOrder(ctx, order.URI); err != nil {
		return err
	}
	certified, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{DNSNames: names}, certified)
	if err != nil {
		return err
	}
	chain, _, err := client.CreateOrderCert(ctx, order.FinalizeURL, csr, true)
	if err != nil {
		return err
	}
	var text []byte
	for _, der := range chain {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return os.WriteFile("chain.pem", text, 0o600)
}

func authorize(ctx context.Context, client *acme.Client, url string) error {
	authorization, err := client.GetAuthorization(ctx, url)
	if err != nil {
		return err
	}
	for _, challenge := range authorization.Challenges {
		if challenge.Type != "http-01" {
			continue
		}
		content, err := client.HTTP01ChallengeResponse(challenge.Token)
		if err != nil {
			return err
		}
		file := filepath.Join(os.Getenv("WEBROOT"), challenge.Token)
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			return err
		}
		if _, err := client.Accept(ctx, challenge); err != nil {
			return err
		}
	}
	_, err = client.WaitAuthorization(ctx, authorization.URI)
	return err
}
