"""Plug the base into a LangChain chain. Runs as it is, offline, after `make run` has built the sample base:

    python docs/langchain_example.py 可以货到付款吗

The last step is a plain function so that no language model is needed; put any chat model in its place.
"""

import sys

from langchain_core.documents import Document
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnablePassthrough

from kb.adapters import KnowledgeRetriever
from kb.config import resolve_home
from kb.knowledge import open_base


def as_evidence(documents: list[Document]) -> str:
    """Number the evidence and name its sources."""
    return "\n".join(
        f"[{number}] {document.page_content}（{document.metadata['source']}）"
        for number, document in enumerate(documents, 1)
    )


def main() -> None:
    """Build the chain and put one question to it."""
    question = " ".join(sys.argv[1:]) or "可以货到付款吗？"
    retriever = KnowledgeRetriever(base=open_base(resolve_home(None), "public"), k=3)
    prompt = ChatPromptTemplate.from_messages(
        [("system", "只根据下面的资料，用礼貌的中文回答：\n{evidence}"), ("human", "{question}")]
    )
    chain = (
        {"evidence": retriever | as_evidence, "question": RunnablePassthrough()}
        | prompt
        | RunnableLambda(lambda messages: messages.to_string())
    )
    print(chain.invoke(question))


if __name__ == "__main__":
    main()
