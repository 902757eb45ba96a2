#include "client/session.h"

namespace kobling::client {

absl::StatusOr<const Profile*> Session::GetProfile() {
  if (profile_ == nullptr) {
    KOBLING_ASSIGN_OR_RETURN(Profile profile,
                             Profile::Load(options_.profile, options_.settings, surroundings_.environment));
    profile_ = std::make_unique<Profile>(std::move(profile));
  }
  return profile_.get();
}

absl::StatusOr<Connection*> Session::Connect() {
  if (connection_ == nullptr) {
    KOBLING_ASSIGN_OR_RETURN(const Profile* profile, GetProfile());
    KOBLING_ASSIGN_OR_RETURN(connection_, surroundings_.connect(*profile));
  }
  return connection_.get();
}

absl::StatusOr<RequestIds> Session::GetRequestIds() {
  KOBLING_ASSIGN_OR_RETURN(const Profile* profile, GetProfile());
  return RequestIds(profile->state_folder(), profile->Get(Setting::kAddress).value, clock());
}

void Session::Note(std::string_view text) {
  if (!options_.quiet) {
    surroundings_.err << "note: " << text << '\n';
  }
}

Progress::Show Session::ShowProgress() const {
  return surroundings_.error_is_terminal && !options_.quiet ? Progress::Show::kYes : Progress::Show::kNo;
}

absl::Status UsageError(std::string_view hint) {
  return domain::MakeError(domain::Reason::kUsage, {{domain::DetailKey::kHint, hint}});
}

}  // namespace kobling::client
