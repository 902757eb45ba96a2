// kobling.v1.ReservationService on gRPC.
#pragma once

#include "kobling/v1/reservation_service.grpc.pb.h"
#include "server/services/pipeline.h"
#include "server/services/stream_watch.h"
#include "server/use_cases/reservations.h"

namespace kobling::server {

class ReservationService final : public kobling::v1::ReservationService::Service {
 public:
  ReservationService(const Pipeline& pipeline, const Core& core, StreamContext streams, StreamWatch& watch)
      : pipeline_(pipeline), core_(core), streams_(streams), watch_(watch), lists_(core) {}

  grpc::Status LoadReservations(grpc::ServerContext* context,
                                grpc::ServerReaderWriter<kobling::v1::LoadReservationsResponse,
                                                         kobling::v1::LoadReservationsRequest>* stream) override;
  grpc::Status ListReservationLists(grpc::ServerContext* context,
                                    const kobling::v1::ListReservationListsRequest* request,
                                    kobling::v1::ListReservationListsResponse* response) override;

 private:
  const Pipeline& pipeline_;
  const Core& core_;
  const StreamContext streams_;
  StreamWatch& watch_;
  const ReservationLists lists_;
};

}  // namespace kobling::server
