#include "server/runtime/tls.h"

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <openssl/ssl.h>

#include <array>
#include <optional>
#include <string>

#include "absl/time/clock.h"
#include "domain/error.h"
#include "server/runtime/openssl_types.h"
#include "server/runtime/peer_identity.h"
#include "server/runtime/trial_certificates.h"

namespace kobling::server {
namespace {

using domain::Reason;
using domain::ReasonOf;
using std::chrono::milliseconds;

constexpr std::string_view kTrustDomain = "kobling.example.org";
// Long enough that the watch never looks during a test that reloads by itself.
constexpr milliseconds kNever{3'600'000};
// gRPC looks at what it was given once a second.
constexpr absl::Duration kPatience = absl::Seconds(15);

grpc::Slice ToSlice(std::string_view text) { return grpc::Slice(text.data(), text.size()); }

std::string ToText(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  return buffer.TrySingleSlice(&slice).ok() ? std::string(reinterpret_cast<const char*>(slice.begin()), slice.size())
                                            : std::string();
}

// Answers every method with the name of the caller.
class CallerNameService final : public grpc::CallbackGenericService {
 private:
  class Reactor final : public grpc::ServerGenericBidiReactor {
   public:
    explicit Reactor(const grpc::GenericCallbackServerContext& context) {
      const auto caller = CallerOf(*context.auth_context(), kTrustDomain);
      const std::string name =
          caller.ok() ? std::string(NameOf(caller->role)) + "/" + caller->id.text() : "CALLER_UNKNOWN";
      const grpc::Slice slice = ToSlice(name);
      answer_ = grpc::ByteBuffer(&slice, 1);
      StartWriteAndFinish(&answer_, grpc::WriteOptions(), grpc::Status::OK);
    }
    void OnDone() override { delete this; }

   private:
    grpc::ByteBuffer answer_;
  };

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return new Reactor(*context);
  }
};

class TlsTest : public testing::Test {
 protected:
  void SetUp() override {
    WriteTlsFiles(files_, MakeServerCertificate(authority_), authority_.certificate());
    Start(kNever);
  }

  void TearDown() override { Stop(); }

  void Stop() {
    if (server_ != nullptr) {
      server_->Shutdown(std::chrono::system_clock::now());
      server_->Wait();
    }
    server_.reset();
    tls_.reset();
  }

  void Start(milliseconds interval) {
    auto tls = ServerTls::Open(files_, interval, clock_, log_);
    ASSERT_TRUE(tls.ok()) << tls.status();
    tls_ = *std::move(tls);
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", tls_->credentials(), &port_);
    service_ = std::make_unique<CallerNameService>();
    builder.RegisterCallbackGenericService(service_.get());
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    ASSERT_GT(port_, 0);
  }

  std::string Target() const { return "127.0.0.1:" + std::to_string(port_); }

  // What the server answers on a connection of its own; nothing if it takes no call.
  std::optional<std::string> Call(const std::string& trusted, const IssuedCertificate& client) const {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = trusted;
    options.pem_cert_chain = client.certificate;
    options.pem_private_key = client.private_key;
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    grpc::GenericStub stub(grpc::CreateCustomChannel(Target(), grpc::SslCredentials(options), arguments));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    grpc::CompletionQueue queue;
    const grpc::Slice empty = ToSlice("");
    grpc::ByteBuffer answer;
    grpc::Status status;
    auto call = stub.PrepareUnaryCall(&context, "/test/WhoAmI", grpc::ByteBuffer(&empty, 1), &queue);
    call->StartCall();
    call->Finish(&answer, &status, &answer);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return status.ok() ? std::optional(ToText(answer)) : std::nullopt;
  }

  // One handshake by OpenSSL alone, with these versions on offer: the version that was agreed, if any.
  std::optional<std::string> Handshake(int least, int most) const {
    const std::unique_ptr<SSL_CTX, OpenSslFree<SSL_CTX_free>> context(SSL_CTX_new(TLS_client_method()));
    // The rule of the process holds for this client too, unless it is taken off.
    SSL_CTX_clear_options(context.get(), SSL_OP_NO_TLSv1_2);
    SSL_CTX_set_min_proto_version(context.get(), least);
    SSL_CTX_set_max_proto_version(context.get(), most);
    SSL_CTX_use_certificate(context.get(), ParseCertificates(client_.certificate).at(0).get());
    SSL_CTX_use_PrivateKey(context.get(), ParsePrivateKey(client_.private_key).get());
    const Bio connection(BIO_new_ssl_connect(context.get()));
    SSL* ssl = nullptr;
    BIO_get_ssl(connection.get(), &ssl);
    constexpr std::array<unsigned char, 3> kHttp2 = {2, 'h', '2'};
    SSL_set_alpn_protos(ssl, kHttp2.data(), kHttp2.size());
    BIO_set_conn_hostname(connection.get(), Target().c_str());
    if (BIO_do_connect(connection.get()) != 1) {
      return std::nullopt;
    }
    return SSL_get_version(ssl);
  }

  // Calls until the server's answer is the wanted one.
  bool Becomes(const std::optional<std::string>& wanted, const std::string& trusted,
               const IssuedCertificate& client) const {
    const absl::Time end = absl::Now() + kPatience;
    while (absl::Now() < end) {
      if (Call(trusted, client) == wanted) {
        return true;
      }
    }
    return false;
  }

  int LinesWith(std::string_view text) const {
    int count = 0;
    for (const std::string& line : sink_->lines()) {
      count += line.find(text) != std::string::npos ? 1 : 0;
    }
    return count;
  }

  const domain::SystemClock clock_;
  const std::shared_ptr<CollectingSink> sink_ = std::make_shared<CollectingSink>();
  Log log_{Level::kInfo, clock_, sink_};
  const GrpcLogRoute route_{log_};
  const TemporaryFolder folder_;
  CertificateAuthority authority_ = MakeAuthority(folder_.path() / "ca", clock_);
  CertificateAuthority other_authority_ = MakeAuthority(folder_.path() / "other-ca", clock_);
  const IssuedCertificate client_ = MakeClientCertificate(authority_);
  const IssuedCertificate other_client_ = MakeClientCertificate(other_authority_);
  const TlsFiles files_ = TlsFilesIn(folder_.path());
  std::unique_ptr<CallerNameService> service_;  // each server needs one of its own
  std::unique_ptr<ServerTls> tls_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

TEST_F(TlsTest, CallerWithACertificateIsKnownByItsUri) {
  EXPECT_EQ(Call(authority_.certificate(), client_), "auditor/ola");
}

TEST_F(TlsTest, CallerWithoutACertificateIsRefused) { EXPECT_EQ(Call(authority_.certificate(), {}), std::nullopt); }

TEST_F(TlsTest, CertificateOfAnotherAuthorityIsRefused) {
  EXPECT_EQ(Call(authority_.certificate(), other_client_), std::nullopt);
}

TEST_F(TlsTest, ServerCertificateIsNoClientCertificate) {
  EXPECT_EQ(Call(authority_.certificate(), MakeServerCertificate(authority_)), std::nullopt);
}

TEST_F(TlsTest, ExpiredClientCertificateIsRefused) {
  const FixedClock last_year(absl::Now() - absl::Hours(24 * 365));
  auto opened = CertificateAuthority::Open(Environment::kTrial, folder_.path() / "ca", last_year);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(Call(authority_.certificate(), MakeClientCertificate(*opened)), std::nullopt);
}

TEST_F(TlsTest, OnlyTls13IsSpoken) {
  EXPECT_EQ(Handshake(TLS1_2_VERSION, TLS1_3_VERSION), "TLSv1.3");
  EXPECT_EQ(Handshake(TLS1_2_VERSION, TLS1_2_VERSION), std::nullopt);
}

TEST_F(TlsTest, NewCertificatesTakeEffectWithoutRestart) {
  WriteTlsFiles(files_, MakeServerCertificate(other_authority_), other_authority_.certificate());
  ASSERT_TRUE(tls_->Reload().ok());
  EXPECT_EQ(LinesWith("certificates replaced"), 1);
  EXPECT_TRUE(Becomes("auditor/ola", other_authority_.certificate(), other_client_));
  EXPECT_TRUE(Becomes(std::nullopt, authority_.certificate(), client_)) << "the old authority is trusted no more";
}

TEST_F(TlsTest, WatchFindsNewCertificatesByItself) {
  Stop();
  Start(milliseconds(10));
  WriteTlsFiles(files_, MakeServerCertificate(other_authority_), other_authority_.certificate());
  EXPECT_TRUE(Becomes("auditor/ola", other_authority_.certificate(), other_client_));
}

TEST_F(TlsTest, CertificatesThatWouldNotWorkAreIgnoredAndLoggedOnce) {
  const IssuedCertificate fresh = MakeServerCertificate(authority_);
  const std::string half = fresh.certificate.substr(0, fresh.certificate.size() / 2);
  const struct {
    const char* what;
    IssuedCertificate server;
    std::string client_ca;
  } kCases[] = {
      {"half a certificate", {half, fresh.private_key}, authority_.certificate()},
      {"half a key", {fresh.certificate, fresh.private_key.substr(0, 40)}, authority_.certificate()},
      {"a key of another", {fresh.certificate, client_.private_key}, authority_.certificate()},
      {"an empty file", {"", fresh.private_key}, authority_.certificate()},
      {"half an authority", fresh, authority_.certificate().substr(0, 100)},
  };
  int faults = 0;
  for (const auto& wrong : kCases) {
    WriteTlsFiles(files_, wrong.server, wrong.client_ca);
    EXPECT_FALSE(tls_->Reload().ok()) << wrong.what;
    EXPECT_FALSE(tls_->Reload().ok()) << wrong.what;
    ++faults;
    EXPECT_EQ(LinesWith("new certificates ignored"), faults) << wrong.what << ": logged once";
    EXPECT_EQ(Call(authority_.certificate(), client_), "auditor/ola") << wrong.what;
  }
  // Longer than gRPC's own interval: what was ignored does not reach it later either.
  const absl::Time end = absl::Now() + absl::Milliseconds(1500);
  while (absl::Now() < end) {
    ASSERT_EQ(Call(authority_.certificate(), client_), "auditor/ola");
  }
  WriteTlsFiles(files_, fresh, authority_.certificate());
  EXPECT_TRUE(tls_->Reload().ok());
  EXPECT_EQ(LinesWith("certificates replaced"), 1);
}

TEST_F(TlsTest, KeyThatOthersMayReadIsNotTakenOver) {
  WriteTlsFiles(files_, MakeServerCertificate(authority_), authority_.certificate());
  std::filesystem::permissions(files_.private_key, std::filesystem::perms(0644));
  EXPECT_EQ(ReasonOf(tls_->Reload()), Reason::kFileMode);
}

TEST_F(TlsTest, OpenRefusesWhatWouldNotWork) {
  WriteTlsFiles(files_, {client_.certificate, client_.private_key}, authority_.certificate());
  EXPECT_EQ(ReasonOf(ServerTls::Open(files_, kNever, clock_, log_).status()), Reason::kConfiguration);
  std::filesystem::remove(files_.certificate);
  EXPECT_EQ(ReasonOf(ServerTls::Open(files_, kNever, clock_, log_).status()), Reason::kFileNotFound);
}

}  // namespace
}  // namespace kobling::server
