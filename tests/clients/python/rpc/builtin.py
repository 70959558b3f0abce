"""grpcio: reflection, by both of its versions, and health, as load balancers and grpc-health-probe ask for it."""
import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from session import PATIENCE_S, channel, expect, exported, fails, run

connection = channel()
SERVICES = {
    "ProductService", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection", "tour.v1.AccountService", "tour.v1.CommentService",
    "tour.v1.FollowService", "tour.v1.OrderItemService", "tour.v1.OrderService", "tour.v1.PostService",
    "tour.v1.ProductService", "tour.v1.TourService", "tour.v1.TransferService", "tour.v1.UserService",
}


def reflection():
    database = ProtoReflectionDescriptorDatabase(connection)
    expect(set(database.get_services()), SERVICES)
    pool = DescriptorPool(database)
    service = pool.FindServiceByName("tour.v1.UserService")
    get = service.FindMethodByName("Get")
    # A call by nothing but what reflection told.
    request = GetMessageClass(pool.FindServiceByName("ProductService").FindMethodByName("GetProduct").input_type)
    answer = GetMessageClass(pool.FindServiceByName("ProductService").FindMethodByName("GetProduct").output_type)
    call = connection.unary_unary("/ProductService/GetProduct", request.SerializeToString, answer.FromString)
    expect(call(request(product_id="p1"), timeout=PATIENCE_S).name, "Laptop")
    # It is what is exported, but for comments.
    modules = exported()
    written = modules["tour.v1.tour_pb2"].DESCRIPTOR
    expect(get.input_type.full_name, "tour.v1.UserServiceGetRequest")
    told = pool.FindFileByName("tour/v1/tour.proto")
    expect(sorted(told.message_types_by_name), sorted(written.message_types_by_name))
    for name, message in written.message_types_by_name.items():
        fields = [(field.number, field.name, field.type, field.json_name) for field in message.fields]
        same = told.message_types_by_name[name].fields
        expect([(field.number, field.name, field.type, field.json_name) for field in same], fields)
    try:
        database.FindFileContainingSymbol("tour.v1.Nothing")
        raise AssertionError("there is no such symbol")
    except KeyError:
        pass


def both_versions():
    """The messages of v1 are those of v1alpha."""
    Request, Answer = reflection_pb2.ServerReflectionRequest, reflection_pb2.ServerReflectionResponse
    asked = [
        Request(list_services=""),
        Request(file_containing_symbol="ProductService.GetProduct"),
        Request(file_containing_symbol="tour.v1.UserService"),
        Request(file_containing_symbol="tour.v1.OrderStatus"),
        Request(file_by_filename="tour.proto"),
        Request(file_by_filename="google/protobuf/field_mask.proto"),
        Request(file_by_filename="none.proto"),
        Request(all_extension_numbers_of_type="tour.v1.User"),
    ]
    answers = {}
    for version in ("v1", "v1alpha"):
        path = f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"
        talk = connection.stream_stream(path, Request.SerializeToString, Answer.FromString)
        answers[version] = list(talk(iter(asked), timeout=PATIENCE_S))
    expect(answers["v1"], answers["v1alpha"])
    kinds = [answer.WhichOneof("message_response") for answer in answers["v1"]]
    files = "file_descriptor_response"
    expect(kinds, ["list_services_response", *[files] * 5, "error_response", "all_extension_numbers_response"])
    expect(answers["v1"][6].error_response.error_code, grpc.StatusCode.NOT_FOUND.value[0])
    expect([answer.original_request for answer in answers["v1"]], asked)


def health():
    """SERVING for what is served and for the server itself; NOT_FOUND for what is not known."""
    check, Request = health_pb2_grpc.HealthStub(connection).Check, health_pb2.HealthCheckRequest
    for service in sorted({""} | SERVICES - {name for name in SERVICES if "reflection" in name}):
        answer = check(Request(service=service), timeout=PATIENCE_S)
        expect((service, answer.status), (service, health_pb2.HealthCheckResponse.SERVING))
    fails("NOT_FOUND", check, Request(service="tour.v1.NoService"))


def watch():
    Request, Status = health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse
    stub = health_pb2_grpc.HealthStub(connection)
    for service, status in [("tour.v1.UserService", Status.SERVING), ("no.Service", Status.SERVICE_UNKNOWN)]:
        watching = stub.Watch(Request(service=service), timeout=PATIENCE_S)
        expect(next(watching).status, status)
        assert watching.is_active(), "it goes on until somebody ends it"
        watching.cancel()


run("grpcio: reflection and health", [reflection, both_versions, health, watch])
