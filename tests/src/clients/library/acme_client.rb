# Registers an account and obtains a certificate with acme-client, for the names in the arguments.
# The chain goes to chain.pem.
require "acme-client"

names = ARGV
key = OpenSSL::PKey::EC.generate("prime256v1")
client = Acme::Client.new(private_key: key, directory: ENV.fetch("DIRECTORY"))
client.new_account(contact: "mailto:admin@example.org", terms_of_service_agreed: true)
order = client.new_order(identifiers: names)
order.authorizations.each do |authorization|
  challenge = authorization.http
  file = File.join(ENV.fetch("WEBROOT"), challenge.token)
  File.write(file, challenge.file_content)
  challenge.request_validation
  100.times do
    break unless %w[pending processing].include?(challenge.status)
    sleep 0.1
    challenge.reload
  end
  abort "the challenge is #{challenge.status}: #{challenge.error}" unless challenge.status == "valid"
end
csr = Acme::Client::CertificateRequest.new(names: names, subject: { common_name: names.first })
order.finalize(csr: csr)
100.times do
  break unless order.status == "processing"
  sleep 0.1
  order.reload
end
File.write("chain.pem", order.certificate)
