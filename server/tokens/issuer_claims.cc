#include "server/tokens/issuer_claims.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "domain/status_macros.h"
#include "server/tokens/refusal.h"

namespace kobling::server {
namespace {

constexpr std::string_view kHelseIdParent = "helseid://claims/client/claims/orgnr_parent";
constexpr std::string_view kHelseIdChild = "helseid://claims/client/claims/orgnr_child";
constexpr std::string_view kHelseIdSupplier = "helseid://claims/client/claims/orgnr_supplier";
constexpr std::string_view kHelseIdPerson = "helseid://claims/identity/pid";
constexpr std::string_view kHelseIdLevel = "helseid://claims/identity/security_level";
constexpr std::string_view kHighestLevel = "4";

constexpr std::string_view kIso6523Authority = "iso6523-actorid-upis";
constexpr std::string_view kEnhetsregisteret = "0192:";

// A claim, and the name by which a refusal calls it.
struct Claim {
  std::string_view name;
  std::string_view check;
};

// The number of a text; a refusal if there is no text or it is no number.
absl::StatusOr<OrganisationNumber> NumberOf(const std::string* text, std::string_view check) {
  if (text != nullptr) {
    if (absl::StatusOr<OrganisationNumber> number = OrganisationNumber::Parse(*text); number.ok()) {
      return number;
    }
  }
  return Refused(check);
}

absl::StatusOr<std::optional<OrganisationNumber>> OptionalNumber(const Json& claims, Claim claim) {
  if (claims.Find(claim.name) == nullptr) {
    return std::optional<OrganisationNumber>();
  }
  KOBLING_ASSIGN_OR_RETURN(OrganisationNumber number, NumberOf(claims.FindText(claim.name), claim.check));
  return std::optional<OrganisationNumber>(std::move(number));
}

// An organisation as ISO 6523 names it: {"authority": "iso6523-actorid-upis", "ID": "0192:" and nine digits}.
absl::StatusOr<OrganisationNumber> Iso6523Number(const Json& claims, std::string_view name) {
  const Json* organisation = claims.Find(name);
  const std::string* authority = organisation == nullptr ? nullptr : organisation->FindText("authority");
  const std::string* id = organisation == nullptr ? nullptr : organisation->FindText("ID");
  if (authority == nullptr || *authority != kIso6523Authority || id == nullptr || !id->starts_with(kEnhetsregisteret)) {
    return Refused(name);
  }
  const std::string digits = id->substr(kEnhetsregisteret.size());
  return NumberOf(&digits, name);
}

absl::StatusOr<domain::NationalId> PersonOf(const Json& claims, std::string_view name,
                                            const domain::NationalIdRules& rules) {
  const std::string* text = claims.FindText(name);
  const std::optional<domain::NationalId> person = text == nullptr ? std::nullopt : rules.Parse(*text).id;
  if (!person) {
    return Refused("pid");
  }
  return *person;
}

// ID-porten's names of the levels, the older ones too; nothing for those below.
std::optional<AssuranceLevel> LevelOf(const std::string* acr) {
  constexpr std::pair<std::string_view, AssuranceLevel> kLevels[] = {
      {"idporten-loa-substantial", AssuranceLevel::kSubstantial},
      {"Level3", AssuranceLevel::kSubstantial},
      {"idporten-loa-high", AssuranceLevel::kHigh},
      {"Level4", AssuranceLevel::kHigh}};
  for (const auto& [name, level] : kLevels) {
    if (acr != nullptr && *acr == name) {
      return level;
    }
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<TokenParties> ReadHelseIdClaims(const Json& claims, PersonNeed need,
                                               const domain::NationalIdRules& rules) {
  TokenParties parties;
  KOBLING_ASSIGN_OR_RETURN(parties.organisation, NumberOf(claims.FindText(kHelseIdParent), "orgnr_parent"));
  KOBLING_ASSIGN_OR_RETURN(parties.child, OptionalNumber(claims, {.name = kHelseIdChild, .check = "orgnr_child"}));
  KOBLING_ASSIGN_OR_RETURN(parties.supplier,
                           OptionalNumber(claims, {.name = kHelseIdSupplier, .check = "orgnr_supplier"}));
  const std::string* level = claims.FindText(kHelseIdLevel);
  const bool is_known_surely = level != nullptr && *level == kHighestLevel;
  if (need == PersonNeed::kRequired && !is_known_surely) {
    return Refused("security_level");
  }
  if (need == PersonNeed::kRequired || (is_known_surely && claims.Find(kHelseIdPerson) != nullptr)) {
    KOBLING_ASSIGN_OR_RETURN(parties.person, PersonOf(claims, kHelseIdPerson, rules));
  }
  return parties;
}

absl::StatusOr<TokenParties> ReadMaskinportenClaims(const Json& claims) {
  TokenParties parties;
  KOBLING_ASSIGN_OR_RETURN(parties.organisation, Iso6523Number(claims, "consumer"));
  // The two come together or not at all.
  if (claims.Find("supplier") == nullptr && claims.Find("delegation_source") == nullptr) {
    return parties;
  }
  KOBLING_ASSIGN_OR_RETURN(parties.supplier, Iso6523Number(claims, "supplier"));
  const std::string* source = claims.FindText("delegation_source");
  if (source == nullptr || source->empty()) {
    return Refused("delegation_source");
  }
  parties.delegation_source = *source;
  return parties;
}

absl::StatusOr<TokenParties> ReadIdPortenClaims(const Json& claims, AssuranceLevel minimum,
                                                const domain::NationalIdRules& rules) {
  const std::optional<AssuranceLevel> level = LevelOf(claims.FindText("acr"));
  if (!level || *level < minimum) {
    return Refused("acr");
  }
  TokenParties parties;
  KOBLING_ASSIGN_OR_RETURN(parties.person, PersonOf(claims, "pid", rules));
  KOBLING_ASSIGN_OR_RETURN(parties.organisation,
                           OptionalNumber(claims, {.name = "client_orgno", .check = "client_orgno"}));
  return parties;
}

}  // namespace kobling::server
