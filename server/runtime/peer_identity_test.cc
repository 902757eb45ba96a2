#include "server/runtime/peer_identity.h"

#include <string>
#include <vector>

#include "domain/error.h"

namespace kobling::server {
namespace {

constexpr std::string_view kTrustDomain = "kobling.example.org";

TEST(PeerIdentity, EveryRoleIsReadFromItsUri) {
  for (const Role role : domain::kAllRoles) {
    const std::vector<std::string> uris = {"spiffe://kobling.example.org/" + std::string(NameOf(role)) +
                                           "/kari.nordmann"};
    const auto caller = CallerFromUris(uris, kTrustDomain);
    ASSERT_TRUE(caller.ok()) << uris[0];
    EXPECT_EQ(caller->role, role);
    EXPECT_EQ(caller->id.text(), "kari.nordmann");
  }
}

struct Refused {
  const char* why;
  std::vector<std::string> uris;
};

class RefusedPeer : public testing::TestWithParam<Refused> {};

TEST_P(RefusedPeer, IsCallerUnknown) {
  const auto caller = CallerFromUris(GetParam().uris, kTrustDomain);
  EXPECT_EQ(domain::ReasonOf(caller.status()), domain::Reason::kCallerUnknown) << GetParam().why;
  EXPECT_TRUE(domain::DetailsOf(caller.status()).empty()) << "an unknown caller is told nothing";
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusedPeer,
    testing::Values(
        Refused{"no URI", {}},  //
        Refused{"empty URI", {""}},
        Refused{"two URIs", {"spiffe://kobling.example.org/auditor/ola", "spiffe://kobling.example.org/auditor/kari"}},
        Refused{"the same URI twice",
                {"spiffe://kobling.example.org/auditor/ola", "spiffe://kobling.example.org/auditor/ola"}},
        Refused{"a second URI of another kind", {"spiffe://kobling.example.org/auditor/ola", "https://example.org"}},
        Refused{"another trust domain", {"spiffe://other.example.org/auditor/ola"}},
        Refused{"a trust domain that begins alike", {"spiffe://kobling.example.org.evil.example/auditor/ola"}},
        Refused{"a subdomain", {"spiffe://a.kobling.example.org/auditor/ola"}},
        Refused{"a trust domain in capitals", {"spiffe://KOBLING.example.org/auditor/ola"}},
        Refused{"a user in the authority", {"spiffe://x@kobling.example.org/auditor/ola"}},
        Refused{"a port", {"spiffe://kobling.example.org:443/auditor/ola"}},
        Refused{"another scheme", {"https://kobling.example.org/auditor/ola"}},
        Refused{"the scheme in capitals", {"SPIFFE://kobling.example.org/auditor/ola"}},
        Refused{"no path", {"spiffe://kobling.example.org"}},
        Refused{"a path of a slash", {"spiffe://kobling.example.org/"}},
        Refused{"no id", {"spiffe://kobling.example.org/auditor"}},
        Refused{"an empty id", {"spiffe://kobling.example.org/auditor/"}},
        Refused{"no role", {"spiffe://kobling.example.org//ola"}},
        Refused{"an unknown role", {"spiffe://kobling.example.org/admin/ola"}},
        Refused{"a role in capitals", {"spiffe://kobling.example.org/Auditor/ola"}},
        Refused{"a segment too many", {"spiffe://kobling.example.org/auditor/ola/x"}},
        Refused{"a slash at the end", {"spiffe://kobling.example.org/auditor/ola/"}},
        Refused{"a segment before", {"spiffe://kobling.example.org/x/auditor/ola"}},
        Refused{"an escaped letter", {"spiffe://kobling.example.org/auditor/%6fla"}},
        Refused{"an escaped slash", {"spiffe://kobling.example.org/auditor%2fola"}},
        Refused{"a query", {"spiffe://kobling.example.org/auditor/ola?x=y"}},
        Refused{"a fragment", {"spiffe://kobling.example.org/auditor/ola#x"}},
        Refused{"a way up", {"spiffe://kobling.example.org/auditor/.."}},
        Refused{"a zero byte", {std::string("spiffe://kobling.example.org/auditor/ola\0", 41)}},
        Refused{"a space", {"spiffe://kobling.example.org/auditor/ola "}},
        Refused{"an id that is an identifier", {"spiffe://kobling.example.org/auditor/x01839012345"}}));

TEST(PeerIdentity, EmptyTrustDomainTrustsNobody) {
  const std::vector<std::string> uris = {"spiffe:///auditor/ola"};
  EXPECT_EQ(domain::ReasonOf(CallerFromUris(uris, "").status()), domain::Reason::kCallerUnknown);
}

}  // namespace
}  // namespace kobling::server
