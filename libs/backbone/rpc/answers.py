"""Answers that came on a shared stream, as the errors that calls of their own end with."""

import grpc
from google.rpc import status_pb2

from backbone.rpc.channels import refusal_of
from backbone.rpc.peers import NOT_TRUSTED
from liandong.calls.v1 import calls_service_pb2 as pb

DETAILS = "grpc-status-details-bin"
CODES: dict[int, grpc.StatusCode] = {int(code.value[0]): code for code in grpc.StatusCode}


def is_for_the_connection(answer: pb.Answer) -> bool:
    """Whether the service refuses the connection, not the call."""
    refusal = refusal_of(refused(answer))
    return refusal is not None and refusal.reason == NOT_TRUSTED


def refused(answer: pb.Answer) -> grpc.aio.AioRpcError:
    """The error that the call would have ended with, had it been sent alone."""
    status = status_pb2.Status.FromString(answer.status)
    trailing = grpc.aio.Metadata(*answer.trailing.items(), (DETAILS, answer.status))
    code = CODES[status.code]
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), trailing, status.message)


def failed(code: grpc.StatusCode, details: str) -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), details)
