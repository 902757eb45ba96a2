#include "server/use_cases/accesses.h"

#include <algorithm>
#include <cctype>
#include <span>
#include <string_view>

#include "domain/status_macros.h"
#include "server/core/convert.h"
#include "storage/event_log.h"

namespace kobling::server {
namespace {

std::string ReferenceTo(const Core& core, const domain::NationalId& identifier) {
  const crypto::SubjectReference reference = core.keys.subject.Of(core.keys.person.UidOf(identifier));
  return {reference.bytes.begin(), reference.bytes.end()};
}

api::RepresentationKind RepresentationIn(const transparency::Event& event) {
  for (const transparency::EventChange& change : event.changes) {
    if (change.field != kRepresentationChange) {
      continue;
    }
    for (int kind = api::RepresentationKind_MIN + 1; kind <= api::RepresentationKind_MAX; ++kind) {
      if (WordOf(static_cast<api::RepresentationKind>(kind)) == change.new_value) {
        return static_cast<api::RepresentationKind>(kind);
      }
    }
  }
  return api::REPRESENTATION_KIND_UNSPECIFIED;
}

}  // namespace

absl::StatusOr<FoundPerson> FindPerson(const Core& core, const domain::NationalId& identifier) {
  crypto::Tag tag;
  std::uint32_t found = storage::Directory::kAbsent;
  core.directory.TagsOf(std::span(&identifier, 1), std::span(&tag, 1));
  core.directory.Find(std::span(&tag, 1), std::span(&found, 1));
  if (found == storage::Directory::kAbsent) {
    const std::string subject = ReferenceTo(core, identifier);
    return FoundPerson{.numbers = {}, .subject = subject, .references = {subject}};
  }
  const domain::IdentifierNumber number{found};
  return DescribePerson(core, core.identities.IdentifiersOf(number));
}

absl::StatusOr<FoundPerson> DescribePerson(const Core& core, const std::vector<domain::IdentifierNumber>& numbers) {
  FoundPerson person;
  for (const domain::IdentifierNumber number : numbers) {
    person.numbers.push_back(static_cast<std::uint32_t>(number));
    // One by one: a person has few identifiers, and between them may lie all blocks of the directory.
    KOBLING_RETURN_IF_ERROR(
        core.directory.ForEach(storage::NumberSet::bitmapOf(1, person.numbers.back()),
                               [&](domain::IdentifierNumber each, const domain::NationalId& identifier) {
                                 person.references.push_back(ReferenceTo(core, identifier));
                                 if (each == numbers.front()) {
                                   person.subject = person.references.back();
                                 }
                               }));
  }
  return person;
}

void SetSubject(const FoundPerson& person, transparency::Event& event) {
  event.subject = person.subject;
  event.other_subjects = person.references;
  std::erase(event.other_subjects, person.subject);
}

std::string WordOf(api::RepresentationKind kind) {
  constexpr std::string_view kPrefix = "REPRESENTATION_KIND_";
  std::string word = api::RepresentationKind_Name(kind).substr(kPrefix.size());
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return c == '_' ? '-' : static_cast<char>(std::tolower(c)); });
  return word;
}

absl::Status AddAccesses(const Core& core, const FoundPerson& person, api::LookupResponse& response) {
  KOBLING_ASSIGN_OR_RETURN(const storage::EventLog::Concerning found,
                           storage::EventLog::FindConcerning(core.store, person.references, kMostAccesses));
  response.set_access_count(found.count);
  for (const transparency::Event& event : found.newest) {
    api::Access& access = *response.add_accesses();
    SetTime(absl::ToUnixMicros(event.time), *access.mutable_time());
    access.set_operation(event.operation);
    access.set_role(event.role);
    access.set_purpose(event.purpose);
    access.set_representation(RepresentationIn(event));
  }
  return absl::OkStatus();
}

}  // namespace kobling::server
