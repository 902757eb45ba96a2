#include "server/services/reservation_service.h"

#include "server/services/upload.h"

namespace kobling::server {

grpc::Status ReservationService::LoadReservations(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<api::LoadReservationsResponse, api::LoadReservationsRequest>* stream) {
  RequestSubject subject;
  return pipeline_.Run(*context, "/kobling.v1.ReservationService/LoadReservations", subject, [&](const Call& call) {
    return RunUpload(Upload{*context, watch_, call.caller}, *stream, [&](const auto& header) {
      subject = SubjectOf(header);
      return ReservationStream::Begin(core_, call, streams_, header);
    });
  });
}

grpc::Status ReservationService::ListReservationLists(grpc::ServerContext* context,
                                                      const api::ListReservationListsRequest* request,
                                                      api::ListReservationListsResponse* response) {
  return pipeline_.Unary(*context, "/kobling.v1.ReservationService/ListReservationLists", *request, response,
                         [&](const Call& call) { return lists_.List(call, *request); });
}

}  // namespace kobling::server
