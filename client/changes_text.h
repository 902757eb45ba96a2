// Changes of fields, for people.
#pragma once

#include <string>

#include "client/message_json.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "kobling/v1/project_service.pb.h"

namespace kobling::client {

namespace api = kobling::v1;

// "end_date: 2026-12-31 -> 2027-12-31" for each, with enum values of a case in words; "(none)" for an empty value.
Json ChangesText(const google::protobuf::RepeatedPtrField<api::FieldChange>& changes);

}  // namespace kobling::client
