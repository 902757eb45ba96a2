#include "client/session.h"

#include <vector>

#include "domain/text.h"
#include "google/protobuf/descriptor.h"

namespace kobling::client {

absl::Status CheckTexts(const google::protobuf::Message& message) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  reflection.ListFields(message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    const bool is_text = field->type() == google::protobuf::FieldDescriptor::TYPE_STRING;
    const bool is_message = field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE;
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count && (is_text || is_message); ++i) {
      if (is_message) {
        KOBLING_RETURN_IF_ERROR(CheckTexts(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                                                : reflection.GetMessage(message, field)));
      } else if (!domain::IsUtf8(field->is_repeated() ? reflection.GetRepeatedString(message, field, i)
                                                      : reflection.GetString(message, field))) {
        return domain::MakeError(domain::Reason::kFieldMalformed,
                                 {{domain::DetailKey::kField, field->name()},
                                  {domain::DetailKey::kHint, "the text is not UTF-8; is the terminal set to it?"}});
      }
    }
  }
  return absl::OkStatus();
}

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
