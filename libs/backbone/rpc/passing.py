"""The gRPC methods that only pass a request to the door, made once from the contract."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

T = TypeVar("T")


def passing(
    contract: ServiceDescriptor, verbs: Iterable[type[Any]]
) -> Callable[[type[T]], type[T]]:
    """A class decorator: adds a method for each RPC that is named like a verb's command.

    The class has `async def pass_on(request, context)`, which returns the resource; it becomes the
    only field of the RPC's response. A method that the class itself defines stays. Raises
    LookupError, at import, for an RPC that has neither a verb nor a method.
    """
    names = {command.__name__ for command in verbs}

    def complete(service: type[T]) -> type[T]:
        missing = []
        for method in contract.methods:
            if _is_written(service, method.name):
                continue
            if method.name not in names:
                missing.append(method.name)
                continue
            setattr(service, method.name, _pass_on(method))
        if missing:
            raise LookupError(f"{contract.name}: no verb and no method for {', '.join(missing)}")
        return service

    return complete


def _is_written(service: type[Any], name: str) -> bool:
    """Whether a class of ours defines the method; protoc's raises NotImplementedError."""
    owner = next(each for each in service.__mro__ if name in each.__dict__)
    return not owner.__module__.endswith("_pb2_grpc")


def _pass_on(method: MethodDescriptor) -> Any:
    response: Any = GetMessageClass(method.output_type)
    [field] = method.output_type.fields

    async def passed(self: Any, request: Any, context: Any) -> Any:
        return response(**{field.name: await self.pass_on(request, context)})

    passed.__name__ = passed.__qualname__ = method.name
    return passed
